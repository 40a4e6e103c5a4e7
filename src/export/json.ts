import { nestsDeeper, toJson } from "../record/nesting.js";
import { cut } from "../summary/text.js";

/** The most characters that one text of an export keeps; the gateway keeps as many of an answer. */
const TEXT_LIMIT = 64 * 1024;

/**
 * A value as JSON on one line. JSON allows lone surrogates as escapes, yet readers that hold text as
 * UTF-8 (protobuf, most of Rust and Go) refuse them: each becomes U+FFFD, in keys as well.
 */
export function encode(value: unknown): string {
  const json = toJson(value);
  // JSON.stringify escapes a surrogate only where it stands alone, always in lower case.
  return json.includes("\\ud")
    ? json.replace(/(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g, "$1\ufffd")
    : json;
}

/** The members of a JSON array, one at a time, with the commas between them. */
export function* members(values: Iterable<unknown>): Generator<string> {
  let separator = "";
  for (const value of values) {
    yield separator + encode(value);
    separator = ",\n";
  }
}

/** Text within a bound; what was cut is said at its end. */
export function bounded(text: string, limit = TEXT_LIMIT): string {
  const kept = cut(text, limit);
  return kept.omitted === 0 ? text : `${kept.text}\n[${kept.omitted} characters left out]`;
}

/** The first `limit` of a list, and how many were left out. */
export function firstOf<T>(list: readonly T[], limit: number): { kept: T[]; omitted: number } {
  return { kept: list.slice(0, limit), omitted: Math.max(0, list.length - limit) };
}

const ARGUMENTS_DEPTH = 64;

/**
 * A tool call's arguments as the JSON object that the text holds. Text that is no object, or nests
 * deeper than readers of JSON commonly allow, comes back whole as `{ raw: text }`.
 */
export function argumentsObject(text: string): Record<string, unknown> {
  if (nestsDeeper(text, ARGUMENTS_DEPTH)) return { raw: bounded(text) };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {}
  return text === "" ? {} : { raw: bounded(text) };
}
