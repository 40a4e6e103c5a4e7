import { asFields, type Fields, listOf } from "./fields.js";
import { type Heard, without } from "./heard.js";

/**
 * Takes one piece of an answer of OpenAI's chat completions, whole (`message`) or streamed
 * (`delta`). `usage.cost` is what OpenRouter and those like it add.
 */
export function takeChat(heard: Heard, answer: Fields): void {
  heard.model(answer["model"]);
  const choice = listOf(answer["choices"])[0] ?? {};
  const said = asFields(choice["delta"] ?? choice["message"]);
  heard.said(said["content"]);
  listOf(said["tool_calls"]).forEach((call, position) => {
    const index = call["index"];
    const { name, arguments: text } = asFields(call["function"]);
    const key = typeof index === "number" ? index : position;
    heard.toolCall(key, { id: call["id"], name, arguments: text });
  });
  heard.stopped(choice["finish_reason"]);
  if (answer["error"]) heard.failed(answer["error"]);
  const usage = asFields(answer["usage"]);
  const cached = asFields(usage["prompt_tokens_details"])["cached_tokens"];
  heard.tokens({
    input: without(usage["prompt_tokens"], cached),
    cache_read: cached,
    output: usage["completion_tokens"],
    reasoning: asFields(usage["completion_tokens_details"])["reasoning_tokens"],
  });
  heard.cost(usage["cost"]);
}
