import { asFields, type Fields, listOf } from "./fields.js";
import type { Heard } from "./heard.js";

/** Takes one piece of an answer of Anthropic's messages: a whole message, or one event of a stream. */
export function takeMessages(heard: Heard, piece: Fields): void {
  const type = piece["type"];
  const delta = asFields(piece["delta"]);
  if (type === "message") takeWhole(heard, piece);
  else if (type === "message_start") takeWhole(heard, asFields(piece["message"]));
  else if (type === "content_block_start") {
    takeBlock(heard, asFields(piece["content_block"]), keyOf(piece), true);
  } else if (type === "content_block_delta") {
    if (delta["type"] === "text_delta") heard.said(delta["text"]);
    if (delta["type"] === "input_json_delta")
      heard.toolCall(keyOf(piece), { arguments: delta["partial_json"] });
  } else if (type === "message_delta") {
    heard.stopped(delta["stop_reason"]);
    takeUsage(heard, asFields(piece["usage"]));
  } else if (piece["error"]) heard.failed(piece["error"]);
}

function takeWhole(heard: Heard, message: Fields): void {
  heard.model(message["model"]);
  listOf(message["content"]).forEach((block, index) => {
    takeBlock(heard, block, index, false);
  });
  heard.stopped(message["stop_reason"]);
  takeUsage(heard, asFields(message["usage"]));
}

/** A streamed block begins with an empty input, and its pieces follow; a whole one has it all. */
function takeBlock(heard: Heard, block: Fields, key: number, streamed: boolean): void {
  const { type, id, name, input } = block;
  if (type === "text") heard.said(block["text"]);
  if (type !== "tool_use") return;
  heard.toolCall(key, { id, name, arguments: streamed ? "" : JSON.stringify(input ?? {}) });
}

function takeUsage(heard: Heard, usage: Fields): void {
  heard.tokens({
    input: usage["input_tokens"],
    output: usage["output_tokens"],
    cache_read: usage["cache_read_input_tokens"],
    cache_write: usage["cache_creation_input_tokens"],
  });
}

function keyOf(event: Fields): number {
  const index = event["index"];
  return typeof index === "number" ? index : 0;
}
