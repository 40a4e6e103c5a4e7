import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { lstat, rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errorCode, systemWords, UserError } from "../errors.js";

/**
 * Makes sure that a file may be written: nothing is there, or a regular file that is to be replaced.
 * A link or a device would be replaced itself. Throws UserError; ask before work that takes long.
 */
export async function assertWritable(file: string, replace: boolean): Promise<void> {
  const there = await lstat(file).catch(() => null);
  if (there === null) return;
  if (!there.isFile()) throw new UserError(`${file} is no regular file`, { hint: "name a file" });
  if (!replace)
    throw new UserError(`${file} is there already`, {
      hint: "name another file, or let it be replaced with --force",
    });
}

/**
 * Writes a file whole or not at all; its folder must be there. Throws UserError where it cannot be
 * written, the signal's reason, and what `text` throws.
 */
export async function writeOutputFile(
  file: string,
  text: Iterable<string> | AsyncIterable<string>,
  signal: AbortSignal,
): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await pipeline(Readable.from(text), createWriteStream(temporary, { flags: "wx" }), { signal });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    if (errorCode(error) === undefined || signal.aborted) throw error;
    throw new UserError(`${file} cannot be written: ${systemWords(error)}`, { cause: error });
  }
}
