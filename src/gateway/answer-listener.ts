import { StringDecoder } from "node:string_decoder";
import type { ModelApi } from "../record/model-calls.js";
import { takeChat } from "./answer-chat.js";
import { takeMessages } from "./answer-messages.js";
import { takeResponses } from "./answer-responses.js";
import { asFields, type Fields, toFields } from "./fields.js";
import { type AnswerFacts, type Heard, newHeard } from "./heard.js";

/** What is kept of an answer's beginning, in characters, for an error that is no JSON. */
const HEAD_LIMIT = 500;

/** What is held of an answer that is not yet a whole line, or no stream at all, in characters. */
const HELD_LIMIT = 8 * 1024 * 1024;

/** How OpenAI's streams say that they are over; it is no JSON. */
const STREAM_END = "[DONE]";

const TAKERS: Record<ModelApi, (heard: Heard, piece: Fields) => void> = {
  "openai-chat": takeChat,
  "openai-responses": takeResponses,
  "anthropic-messages": takeMessages,
  other: (heard, answer) => {
    if (answer["error"]) heard.failed(answer["error"]);
  },
};

/** Listens to an answer as it passes by, streamed (server-sent events) or whole, within bounds. */
export interface AnswerListener {
  hear(chunk: Buffer): void;
  /** What was heard, once no more comes; its first characters, and whether all of it was JSON. */
  result(): AnswerFacts & { head: string; isJson: boolean };
}

export function answerListener(api: ModelApi, contentType: string): AnswerListener {
  const heard = newHeard();
  let streamed = contentType.startsWith("text/event-stream");
  let first = true;
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let head = "";
  let allJson = true;
  let dropped = false;
  const take = (text: string) => {
    try {
      const fields = firstOf(toFields(text));
      if (Object.keys(fields).length === 0) allJson &&= parses(text);
      TAKERS[api](heard, fields);
    } catch {
      // Nested too deeply to be written as JSON again: not kept, and said so.
      dropped = true;
    }
  };
  const takeLine = (line: string) => {
    const data = line.startsWith("data:") ? line.slice(5).trim() : "";
    if (data !== "" && data !== STREAM_END) take(data);
  };
  return {
    hear(chunk) {
      if (dropped) return;
      rest += decoder.write(chunk);
      if (head === "") head = rest.slice(0, HEAD_LIMIT);
      // Some endpoints stream under another type.
      if (first) streamed ||= /^\s*(data|event|id|:)/.test(rest);
      first = false;
      if (streamed) {
        const lines = rest.split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) takeLine(line);
      }
      if (rest.length > HELD_LIMIT) [rest, dropped] = ["", true];
    },
    result() {
      if (streamed) takeLine(rest);
      else if (!dropped) take(rest);
      return { ...heard.facts(dropped), head: head.trim(), isJson: allJson };
    },
  };
}

/** Google's endpoints put an error into a list. */
function firstOf(fields: Fields): Fields {
  return Array.isArray(fields) ? asFields(fields[0]) : fields;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
