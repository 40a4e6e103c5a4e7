import { isAscii } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import type { z } from "zod";
import { check } from "./check.js";
import { nestsDeeper } from "./nesting.js";
import { openRegular } from "./read.js";

/** Bounds of reading a file of lines; what is past them is counted. */
export interface LineBounds {
  maxLines?: number;
  maxLineBytes?: number;
  maxBytes?: number;
}

/** Takes lines. */
export interface LineTaker {
  /** A line that is not empty, with its bytes; null for one that is longer than allowed. */
  line(text: string | null, bytes: number): void;
  /** The file is another one, or shorter: all its lines come again, from the first. */
  anew?(): void;
}

/** Reads the lines of a file that grows: each read goes on where the one before ended. */
export interface LineReader {
  /**
   * Hands over the lines that have ended, of the next `atMost` bytes; nothing is held but the line
   * at hand. Gives how many bytes are left unread, those past the bound included.
   */
  read(file: FileHandle, atMost?: number): Promise<number>;
  /** Hands over the last line, which has no end. */
  end(): void;
}

const CHUNK_BYTES = 256 * 1024;

export function lineReader(bounds: LineBounds, { line, anew }: LineTaker): LineReader {
  const maxLineBytes = bounds.maxLineBytes ?? 8 * 1024 * 1024;
  const maxBytes = bounds.maxBytes ?? 512 * 1024 * 1024;
  let [offset, inode] = [0, 0];
  /** The line's pieces from earlier chunks; none of one that is too long already. */
  let begun: Buffer[] = [];
  let begunBytes = 0;
  const end = (piece: Buffer) => {
    const bytes = begunBytes + piece.length;
    if (bytes > maxLineBytes) line(null, bytes);
    else {
      const text = (begun.length === 0 ? piece : Buffer.concat([...begun, piece])).toString();
      if (/\S/.test(text)) line(text, bytes);
    }
    [begun, begunBytes] = [[], 0];
  };
  /** Lines that are whole, each with its end. */
  const whole = (lines: Buffer) => {
    const text = isAscii(lines) ? lines.toString("latin1") : lines.toString();
    // As many characters as bytes: then so has each line, and none of its bytes was replaced.
    const plain = text.length === lines.length;
    for (let start = 0; start < text.length; ) {
      const at = text.indexOf("\n", start);
      const one = text.slice(start, at);
      const bytes = plain ? one.length : Buffer.byteLength(one);
      if (bytes > maxLineBytes) line(null, bytes);
      else if (/\S/.test(one)) line(one, bytes);
      start = at + 1;
    }
  };
  return {
    async read(file, atMost = Number.POSITIVE_INFINITY) {
      const { size, ino } = await file.stat();
      if (offset > size || (offset > 0 && ino !== inode)) {
        [offset, begun, begunBytes] = [0, [], 0];
        anew?.();
      }
      inode = ino;
      const until = Math.min(size, maxBytes, offset + atMost);
      if (until <= offset) return Math.max(0, size - offset);
      const stream = file.createReadStream({
        ...{ start: offset, end: until - 1, autoClose: false, highWaterMark: CHUNK_BYTES },
      });
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        offset += chunk.length;
        const first = chunk.indexOf(10) + 1;
        const last = chunk.lastIndexOf(10) + 1;
        if (first > 0) end(chunk.subarray(0, first - 1));
        whole(chunk.subarray(first, last));
        begunBytes += chunk.length - last;
        if (begunBytes > maxLineBytes) begun = [];
        else if (last < chunk.length) begun.push(chunk.subarray(last));
      }
      return Math.max(0, size - offset);
    },
    end: () => end(Buffer.alloc(0)),
  };
}

/** How many lines of a JSONL file were good, and how many bad or left unread. */
export interface JsonLineCounts {
  good_lines: number;
  bad_lines: number;
  omitted_lines: number;
  omitted_bytes: number;
}

/** The good lines of a JSONL file, and how many were bad or left unread. */
export interface JsonLines<T> extends Omit<JsonLineCounts, "good_lines"> {
  lines: T[];
}

/** Reads a JSONL file as it grows. */
export interface JsonLineReader {
  /**
   * Hands over what was added since the last read, and gives the counts of the whole file so far. A
   * last line without its end waits for it; unless this is the last read, and then counts as any
   * other. Throws the system's error where the file cannot be opened.
   */
  read(last?: boolean): Promise<JsonLineCounts>;
}

/** Takes the good lines of a JSONL file. */
export interface JsonLineTaker<T> {
  take(line: T, bytes: number): void;
  /** The file is another one, or shorter: all its lines come again, from the first. */
  anew?(): void;
  /** What a line says, where that shows at a glance: such a line is good, and not looked into. */
  glance?(text: string): T | undefined;
}

/**
 * Passes each line of a JSONL file through `schema` and hands the good ones to `take` with their
 * bytes, within bounds: lines past `maxLines` are counted, a line past `maxLineBytes` is bad, as is
 * one that nests too deep, bytes past `maxBytes` are counted unread.
 */
export function jsonLineReader<T extends z.ZodType>(
  path: string,
  schema: T,
  { take, anew, glance }: JsonLineTaker<z.output<T>>,
  bounds: LineBounds = {},
): JsonLineReader {
  const maxLines = bounds.maxLines ?? 200_000;
  const none = { good_lines: 0, bad_lines: 0, omitted_lines: 0 };
  const counts = { ...none };
  const lines = lineReader(bounds, {
    line(text, bytes) {
      const value = text === null ? undefined : (glance?.(text) ?? parse(text, schema));
      if (value === undefined) counts.bad_lines += 1;
      else if (counts.good_lines >= maxLines) counts.omitted_lines += 1;
      else {
        counts.good_lines += 1;
        take(value, bytes);
      }
    },
    anew() {
      Object.assign(counts, none);
      anew?.();
    },
  });
  return {
    async read(last = false) {
      const file = await openRegular(path);
      try {
        const omitted_bytes = await lines.read(file);
        if (last) lines.end();
        return { ...counts, omitted_bytes };
      } finally {
        await file.close();
      }
    },
  };
}

/**
 * Streams a JSONL file once, as `jsonLineReader` says. A torn last line is bad only when it is no
 * JSON. Throws the system's error where the file cannot be opened.
 */
export function eachJsonLine<T extends z.ZodType>(
  path: string,
  schema: T,
  take: (line: z.output<T>, bytes: number) => void,
  bounds: LineBounds = {},
): Promise<JsonLineCounts> {
  return jsonLineReader(path, schema, { take }, bounds).read(true);
}

/** The same, with the good lines held. */
export async function readJsonLines<T extends z.ZodType>(
  path: string,
  schema: T,
  bounds: LineBounds = {},
): Promise<JsonLines<z.output<T>>> {
  const lines: z.output<T>[] = [];
  const take = (line: z.output<T>) => void lines.push(line);
  const { good_lines: _, ...counts } = await eachJsonLine(path, schema, take, bounds);
  return { lines, ...counts };
}

function parse<T extends z.ZodType>(line: string, schema: T): z.output<T> | undefined {
  if (nestsDeeper(line)) return undefined;
  try {
    const parsed = check(schema, JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
