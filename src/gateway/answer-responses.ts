import { asFields, type Fields, listOf, textOf } from "./fields.js";
import { type Heard, without } from "./heard.js";

/**
 * Takes one piece of an answer of OpenAI's responses: a whole response, or one event of a stream,
 * which is told by its `type`. The last event repeats the whole; what was heard already stands.
 */
export function takeResponses(heard: Heard, piece: Fields): void {
  const type = textOf(piece["type"]) ?? "";
  const item = asFields(piece["item"]);
  if (type === "response.output_text.delta") heard.said(piece["delta"]);
  else if (type === "response.output_item.added") {
    if (isCall(item)) heard.toolCall(keyOf(piece), { id: item["call_id"], name: item["name"] });
  } else if (
    type === "response.function_call_arguments.delta" ||
    type === "response.custom_tool_call_input.delta"
  ) {
    heard.toolCall(keyOf(piece), { arguments: piece["delta"] });
  } else if (type === "response.output_item.done") {
    if (isCall(item)) heard.wholeArguments(keyOf(piece), argumentsOf(item));
  } else if (type === "error") heard.failed(piece["error"] ?? piece);
  else if (piece["response"] !== undefined) takeWhole(heard, asFields(piece["response"]));
  else takeWhole(heard, piece);
}

function takeWhole(heard: Heard, response: Fields): void {
  heard.model(response["model"]);
  if (!heard.hasSaid()) {
    listOf(response["output"]).forEach((item, index) => {
      for (const { text } of listOf(item["content"])) heard.said(text);
      if (!isCall(item)) return;
      heard.toolCall(index, { id: item["call_id"], name: item["name"] });
      heard.wholeArguments(index, argumentsOf(item));
    });
  }
  if (response["error"]) heard.failed(response["error"]);
  const status = textOf(response["status"]);
  const incomplete = asFields(response["incomplete_details"])["reason"];
  if (status !== "in_progress" && status !== "queued") heard.stopped(incomplete ?? status);
  const usage = asFields(response["usage"]);
  const cached = asFields(usage["input_tokens_details"])["cached_tokens"];
  heard.tokens({
    input: without(usage["input_tokens"], cached),
    cache_read: cached,
    output: usage["output_tokens"],
    reasoning: asFields(usage["output_tokens_details"])["reasoning_tokens"],
  });
  heard.cost(usage["cost"]);
}

/** A function's call, or a custom tool's, whose input is free text. */
function isCall(item: Fields): boolean {
  return item["type"] === "function_call" || item["type"] === "custom_tool_call";
}

function argumentsOf(item: Fields): unknown {
  return item["arguments"] ?? item["input"];
}

function keyOf(event: Fields): number {
  const index = event["output_index"];
  return typeof index === "number" ? index : 0;
}
