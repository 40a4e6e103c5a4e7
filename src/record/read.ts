import { constants, lstatSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { z } from "zod";
import { check } from "./check.js";

/** What a bounded read gave: the text, the file's whole size, and how much was left unread. */
export interface BoundedText {
  text: string;
  size_bytes: number;
  omitted_bytes: number;
}

/** Why a JSON file could not be taken, naming file and key. */
export class UnreadableRecord extends Error {
  override readonly name = "UnreadableRecord";
}

const JSON_LIMIT_BYTES = 256 * 1024 * 1024;

const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Opens a regular file only, never through a link in its last part, never waiting on a pipe. Throws
 * UnreadableRecord for anything else, and the system's error.
 */
export async function openRegular(path: string): Promise<FileHandle> {
  const file = await open(path, READ_ONLY).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ELOOP") throw error;
    throw new UnreadableRecord(`${path}: a symbolic link, which is not followed`, { cause: error });
  });
  const stats = await file.stat();
  if (stats.isFile()) return file;
  await file.close();
  throw new UnreadableRecord(`${path}: not a regular file`);
}

/**
 * Inode, time and size of a path itself: the same later means that nothing changed. Looks at once, as
 * through the thread pool a look takes ten times as long; never throws.
 */
export function fileStamp(path: string): string {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats === undefined ? "-" : `${stats.ino}.${stats.ctimeMs}.${stats.size}`;
  } catch {
    return "-";
  }
}

/**
 * Reads at most `limit` bytes of a regular file, from its start (`head`) or its end (`tail`), as
 * UTF-8 with invalid bytes replaced. Throws the system's error (ENOENT, …).
 */
export async function readBounded(
  path: string,
  limit: number,
  from: "head" | "tail" = "head",
): Promise<BoundedText> {
  const file = await openRegular(path);
  try {
    const { size } = await file.stat();
    const length = Math.min(size, limit);
    const buffer = Buffer.alloc(length);
    const start = from === "head" ? 0 : size - length;
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await file.read(buffer, filled, length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    const text = buffer.subarray(0, filled).toString("utf8");
    return { text, size_bytes: size, omitted_bytes: size - filled };
  } finally {
    await file.close();
  }
}

/**
 * Reads and validates one JSON file. Throws the system's error where it cannot be read, and
 * UnreadableRecord (naming the file, the key and what was expected) where it is not as it should be.
 */
export async function readJson<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> {
  const { text, omitted_bytes } = await readBounded(path, JSON_LIMIT_BYTES);
  if (omitted_bytes > 0)
    throw new UnreadableRecord(`${path}: larger than ${JSON_LIMIT_BYTES} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UnreadableRecord(`${path}: not JSON: ${(error as Error).message}`);
  }
  const result = check(schema, value);
  if (result.success) return result.data;
  throw new UnreadableRecord(`${path}: ${firstFault(result.error)}`);
}

/** The first thing that a schema has against a value: its key, and what was expected. */
export function firstFault({ issues: [first] }: z.ZodError): string {
  return [first?.path.join("."), first?.message].filter(Boolean).join(": ");
}
