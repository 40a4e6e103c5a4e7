import type { ModelCall } from "../record/model-calls.js";
import { asFields, textOf } from "./fields.js";

/** Bounds on what one line of model_calls.jsonl keeps of an answer, in characters. */
const TEXT_LIMIT = 64 * 1024;
const ARGUMENTS_LIMIT = 64 * 1024;
const TOOL_CALL_LIMIT = 256;
const NAME_LIMIT = 200;
const ERROR_LIMIT = 500;

/** What a call's line tells of the answer. */
export type AnswerFacts = Pick<
  ModelCall,
  | "text"
  | "text_truncated"
  | "tool_calls"
  | "tool_calls_omitted"
  | "answered_model"
  | "stop_reason"
  | "tokens"
  | "cost_usd"
  | "cost_source"
> & { error: string | null };

interface Call {
  id: string | null;
  name: string;
  arguments: string;
  arguments_truncated?: boolean;
}

/** An answer as it is pieced together, within bounds. Nothing here throws. */
export interface Heard {
  said(text: unknown): void;
  /** Adds to the tool call that the API knows as `key`: an index, or an id. */
  toolCall(key: string | number, part: { id?: unknown; name?: unknown; arguments?: unknown }): void;
  /** Takes the arguments whole, in place of pieces heard before. */
  wholeArguments(key: string | number, text: unknown): void;
  hasSaid(): boolean;
  model(name: unknown): void;
  stopped(reason: unknown): void;
  tokens(counts: { [Name in keyof Counts]?: unknown }): void;
  cost(usd: unknown): void;
  /** An error object, in the answer's own words. */
  failed(error: unknown): void;
  facts(cut: boolean): AnswerFacts;
}

interface Counts {
  input: number | null;
  output: number | null;
  cache_read: number | null;
  cache_write: number | null;
  reasoning: number | null;
}

export function newHeard(): Heard {
  let text = "";
  let textCut = false;
  const calls = new Map<string | number, Call>();
  let omitted = 0;
  let model: string | null = null;
  let stop: string | null = null;
  let cost: number | null = null;
  let error: string | null = null;
  const counts: Counts = {
    ...{ input: null, output: null, cache_read: null, cache_write: null, reasoning: null },
  };
  const callOf = (key: string | number): Call | null => {
    const known = calls.get(key);
    if (known !== undefined) return known;
    if (calls.size >= TOOL_CALL_LIMIT) {
      omitted += 1;
      return null;
    }
    const call: Call = { id: null, name: "", arguments: "" };
    calls.set(key, call);
    return call;
  };
  const append = (call: Call, piece: string) => {
    const room = ARGUMENTS_LIMIT - call.arguments.length;
    call.arguments += piece.slice(0, Math.max(0, room));
    if (piece.length > room) call.arguments_truncated = true;
  };
  return {
    said(piece) {
      if (typeof piece !== "string") return;
      const room = TEXT_LIMIT - text.length;
      text += piece.slice(0, room);
      textCut ||= piece.length > room;
    },
    toolCall(key, part) {
      const call = callOf(key);
      if (call === null) return;
      call.id = textOf(part.id)?.slice(0, NAME_LIMIT) ?? call.id;
      call.name = (call.name + (textOf(part.name) ?? "")).slice(0, NAME_LIMIT);
      append(call, textOf(part.arguments) ?? "");
    },
    wholeArguments(key, whole) {
      const call = callOf(key);
      if (call === null || typeof whole !== "string") return;
      [call.arguments, call.arguments_truncated] = ["", false];
      append(call, whole);
    },
    hasSaid: () => text !== "" || calls.size > 0,
    model(name) {
      model = textOf(name)?.slice(0, NAME_LIMIT) ?? model;
    },
    stopped(reason) {
      stop = textOf(reason)?.slice(0, NAME_LIMIT) ?? stop;
    },
    tokens(given) {
      for (const [name, value] of Object.entries(given) as [keyof Counts, unknown][]) {
        counts[name] = toCount(value) ?? counts[name];
      }
    },
    cost(usd) {
      if (typeof usd === "number" && Number.isFinite(usd) && usd >= 0) cost = usd;
    },
    failed(given) {
      const { message, type, code } = asFields(given);
      const words = textOf(message) ?? textOf(type) ?? textOf(code) ?? textOf(given);
      error = words?.slice(0, ERROR_LIMIT) ?? error;
    },
    facts: (cut) => ({
      text: text === "" ? null : text,
      ...(textCut || cut ? { text_truncated: true } : {}),
      tool_calls: [...calls.values()].map(({ arguments_truncated, ...call }) =>
        arguments_truncated ? { ...call, arguments_truncated } : call,
      ),
      ...(omitted > 0 ? { tool_calls_omitted: omitted } : {}),
      answered_model: model,
      stop_reason: stop,
      tokens: { ...counts },
      cost_usd: cost,
      ...(cost === null ? {} : { cost_source: "answered" }),
      error,
    }),
  };
}

/** A count of tokens without those that are counted apart; never below zero. */
export function without(all: unknown, ...parts: unknown[]): number | null {
  const total = toCount(all);
  if (total === null) return null;
  return Math.max(0, total - parts.reduce<number>((sum, part) => sum + (toCount(part) ?? 0), 0));
}

function toCount(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
