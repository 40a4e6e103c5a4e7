import type { ModelApi, ModelCall } from "../record/model-calls.js";
import { asFields, type Fields, textOf } from "./fields.js";
import { providerReach } from "./provider-reach.js";
import { readJson } from "./request-json.js";

/** What a call asks for, as far as its path and body tell. */
export type RequestFacts = Pick<
  ModelCall,
  | "model"
  | "streamed"
  | "message_count"
  | "turn"
  | "purpose"
  | "unread"
  | "unread_because"
  | "provider_hosts"
  | "provider_tools"
> & { api: ModelApi };

/** Which API a path belongs to; `/messages/count_tokens` and the like are none of the three. */
export function apiOf(path: string): ModelApi {
  const bare = path.replace(/^\/v1(?=\/)/, "").replace(/\?.*$/s, "");
  if (bare === "/chat/completions") return "openai-chat";
  if (bare === "/responses") return "openai-responses";
  return bare === "/messages" ? "anthropic-messages" : "other";
}

/** What the request says, as the agent sent it. Unreadable bodies give nulls, never an error. */
export function readRequest(path: string, body: Buffer): RequestFacts {
  const { fields: request, unreadBecause } = readJson(body);
  const api = apiOf(path);
  const messages = messagesOf(request);
  const offersTools = Array.isArray(request["tools"]) && request["tools"].length > 0;
  const isModelCall = api !== "other" && messages !== null;
  return {
    api,
    model: textOf(request["model"])?.slice(0, 200) ?? null,
    streamed: request["stream"] === true,
    message_count: messages?.length ?? null,
    turn: isModelCall && offersTools ? repliesIn(messages) : null,
    // An agent's own small calls, for a session's title and the like, offer no tools.
    purpose: !isModelCall ? "other" : offersTools ? "turn" : "title",
    ...(unreadBecause === null ? {} : { unread: true, unread_because: unreadBecause }),
    ...providerReach(request),
  };
}

/** The conversation of a request of any of the three APIs, or null where there is none. */
export function messagesOf(request: Fields): Fields[] | null {
  const listed = request["messages"] ?? request["input"];
  if (typeof listed === "string") return [{ role: "user", content: listed }];
  return Array.isArray(listed) ? listed.map(asFields) : null;
}

/**
 * How many replies of the model a conversation holds. One reply may be several entries: the
 * responses API lists a text and each tool call on its own.
 */
function repliesIn(messages: readonly Fields[]): number {
  const said = messages.map(isModels);
  return said.filter((models, at) => models && said[at - 1] !== true).length;
}

/** Entries of the responses API without a role are the model's (calls, reasoning), but for outputs. */
function isModels(message: Fields): boolean {
  const { role, type } = message;
  if (typeof role === "string") return role === "assistant";
  return typeof type === "string" && !type.endsWith("_output");
}
