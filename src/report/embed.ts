import { promisify } from "node:util";
import { deflate } from "node:zlib";
import { toJson } from "../record/nesting.js";
import { type Report, type ReportData, TEXT_PARTS } from "./data.js";

/** Smaller parts are kept as they are: a reader of the file can read them. */
const PLAIN_BYTES = 64 * 1024;

/** One part of a report as the text of a `<script type="application/json">`. */
export interface EmbeddedPart {
  id: string;
  encoding: "json" | "deflate";
  text: string;
}

/**
 * The data of a report. A large part is deflated and in base64, in either case nothing in it can end
 * the element.
 */
export function embeddedData(data: ReportData): Promise<EmbeddedPart> {
  return part("data", data);
}

/** Each of the long texts by itself, so that the page inflates only what it shows. */
export function embeddedTexts(texts: Report["texts"]): Promise<EmbeddedPart[]> {
  return Promise.all(TEXT_PARTS.map((name) => part(`text-${name}`, texts[name])));
}

/** Deflates beside this thread, so that one part is made while another is packed. */
const pack = promisify(deflate);

async function part(id: string, value: unknown): Promise<EmbeddedPart> {
  const json = toJson(value);
  if (json.length <= PLAIN_BYTES) return { id, encoding: "json", text: escaped(json) };
  // The lowest level takes a third of the time of the usual one, for a tenth more bytes.
  const packed = (await pack(json, { level: 3 })) as Buffer;
  return { id, encoding: "deflate", text: packed.toString("base64") };
}

/** JSON that holds nothing which could end a script element, or which a parser of HTML would read. */
export function escaped(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
