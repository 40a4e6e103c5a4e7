import { endOfString } from "../record/nesting.js";

/** A JSON object that nobody has checked. */
export type Fields = Record<string, unknown>;

/** A larger request than any agent makes; some ms to parse, where 64 MB of `{},` take half a minute. */
export const MAX_VALUES = 250_000;

/** The JSON object in a text; an empty one where there is none, or one of too many values. */
export function toFields(text: string): Fields {
  if (text === "") return {};
  try {
    const isMany = text.length > MAX_VALUES && tally(text).values > MAX_VALUES;
    return isMany ? {} : asFields(JSON.parse(text));
  } catch {
    return {};
  }
}

/** What a JSON text has outside its strings; counting ends soon after `MAX_VALUES`. */
export interface Tally {
  /** Lists, objects and commas: no fewer than half of the values. */
  values: number;
  /** Colons: a member each. */
  members: number;
}

/** Counts without parsing, so that what is nested without end is counted, too. */
export function tally(text: string): Tally {
  let values = 0;
  let members = 0;
  for (let at = 0; at < text.length && values <= MAX_VALUES; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === "," || character === "{" || character === "[") values += 1;
    else if (character === ":") members += 1;
  }
  return { values, members };
}

/** How many members the objects in a value have, all together. */
export function membersIn(value: unknown): number {
  const left = [value];
  let members = 0;
  while (left.length > 0) {
    const next = left.pop();
    const inner = Object.values(asFields(next));
    if (!Array.isArray(next)) members += inner.length;
    for (const each of inner) if (typeof each === "object" && each !== null) left.push(each);
  }
  return members;
}

export function asFields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

export function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** The list in a field, each entry as an object; empty where there is none. */
export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(asFields) : [];
}
