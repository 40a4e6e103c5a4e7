import { isUtf8 } from "node:buffer";
import { type Fields, MAX_VALUES, membersIn, tally, toFields } from "./fields.js";

/** A request's JSON object, empty where it is not read, and why it is not; null where it is. */
export interface RequestJson {
  fields: Fields;
  unreadBecause: string | null;
}

/**
 * Reads a request as every parser reads it, or not at all: what the gateway judges must be what the
 * model's provider sees. Of a member that is named twice one parser takes the first and another the
 * last (RFC 8259, section 4), and of bytes that are no UTF-8 each makes something else.
 */
export function readJson(body: Buffer): RequestJson {
  if (body.length === 0) return { fields: {}, unreadBecause: null };
  if (!isUtf8(body)) return unread("it is no UTF-8");
  const text = body.toString("utf8");
  const { values, members } = tally(text);
  if (values > MAX_VALUES) return unread(`it has more than ${MAX_VALUES} values`);
  const fields = toFields(text);
  if (Object.keys(fields).length === 0) return unread("it is no JSON object");
  return membersIn(fields) === members
    ? { fields, unreadBecause: null }
    : unread("it names a member twice");
}

function unread(unreadBecause: string): RequestJson {
  return { fields: {}, unreadBecause };
}
