import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { z } from "zod";
import { errorCode, explain } from "../errors.js";
import { check } from "../record/check.js";
import { assertContained, look, NotContained } from "../record/contained.js";
import { RunFile, runFile } from "../record/directory.js";
import { fileStamp, firstFault, readBounded } from "../record/read.js";
import { RunRecord } from "../record/run.js";
import { ATTEMPTS, attemptId, parseAttempt } from "./attempts.js";
import type { StampedRow } from "./remembered.js";
import { brokenRow, emptyRow, rowOf, SummaryPart } from "./row.js";

const RUN_LIMIT_BYTES = 4 * 1024 * 1024;
const SUMMARY_LIMIT_BYTES = 32 * 1024 * 1024;
/** A run that is being opened has its folder before its record. */
const OPENING_MS = 10_000;
/** Longer than the default time after which a run that shows no work is ended. */
const ABANDONED_MS = 10 * 60_000;
const MAX_ATTEMPTS = 20;
/** Stands in a name for what is no UTF-8. */
const REPLACED = "\ufffd";
/** So much is read at once; more through the thread pool, so that others have their turn. */
const AT_ONCE_BYTES = 64 * 1024;
const atOnce = Buffer.alloc(AT_ONCE_BYTES);
/** As a summary is written, a line for each member: the first of those that a list does not show. */
const LONG_PARTS = ',\n "timeline": ';
const SUMMARY_PARTS = Object.keys(SummaryPart.shape);
const FOLDERS = [dirname(RunFile.run), dirname(RunFile.summary)];

/**
 * Reads what the list shows of one folder of the captures, and of its attempts. Never throws: what
 * is wrong with the folder is in its row. Null where the name is no folder any more.
 */
export async function readRow(captures: string, id: string): Promise<StampedRow | null> {
  const read = await readRun(captures, id);
  if (read === null || read.row.state === "broken") return read;
  for (const attemptsId of await attemptsIn(captures, id)) {
    const attempt = await readRun(captures, attemptsId);
    if (attempt === null) continue;
    const { attempts: _, ...row } = attempt.row;
    read.row.attempts.push(row);
  }
  return read;
}

async function attemptsIn(captures: string, id: string): Promise<string[]> {
  if (look(join(captures, id, ATTEMPTS)) === undefined) return [];
  const names = await readdir(join(captures, id, ATTEMPTS)).catch(() => []);
  return names
    .map((name) => attemptId(id, name))
    .filter((each) => parseAttempt(each) !== null)
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
    .slice(0, MAX_ATTEMPTS);
}

async function readRun(captures: string, id: string): Promise<StampedRow | null> {
  const directory = join(captures, id);
  const folder = look(directory);
  const stamp = stampOf(directory);
  if (folder === undefined && id.includes(REPLACED))
    return { row: brokenRow(id, "its name is not UTF-8, so it cannot be opened"), stamp };
  if (!folder?.isDirectory() && !folder?.isSymbolicLink()) return null;
  try {
    assertContained(directory, FOLDERS);
    const run = await readPart(directory, RunFile.run, RunRecord, RUN_LIMIT_BYTES);
    if (run.run_status === null) {
      const silent = Date.now() - lastWrite(directory);
      const state = silent > ABANDONED_MS ? "abandoned" : "running";
      return { row: rowOf(id, run, null, state), stamp };
    }
    const summary = await readSummary(directory).catch(() => null);
    return { row: rowOf(id, run, summary, "sealed"), stamp };
  } catch (error) {
    const missing = errorCode(error) === "ENOENT";
    if (missing && Date.now() - folder.mtimeMs < OPENING_MS)
      return { row: { ...emptyRow(id), state: "running", status: "running" }, stamp };
    const why = missing ? `${RunFile.run} is missing` : explain(error);
    return { row: brokenRow(id, why.replaceAll(`${directory}/`, "")), stamp };
  }
}

/** Times and sizes of the files that a row is made from; the same later means that nothing changed. */
export function stampOf(directory: string): string {
  return [RunFile.run, RunFile.summary].map((file) => fileStamp(`${directory}/${file}`)).join();
}

/** What a list shows comes first in a summary; of an older one it is anywhere, and all is read. */
async function readSummary(directory: string): Promise<SummaryPart> {
  const start = readStart(runFile(directory, RunFile.summary));
  const end = start.indexOf(LONG_PARTS);
  // No text has a line's end unescaped, and what is further in is indented more.
  const head = end === -1 ? undefined : parsed(`${start.toString("utf8", 0, end)}}`);
  const isWhole = SUMMARY_PARTS.every((name) => Object.hasOwn(Object(head), name));
  if (isWhole) return checked(RunFile.summary, SummaryPart, head);
  return readPart(directory, RunFile.summary, SummaryPart, SUMMARY_LIMIT_BYTES);
}

async function readPart<T extends z.ZodType>(
  directory: string,
  file: RunFile,
  schema: T,
  limit: number,
): Promise<z.output<T>> {
  const path = runFile(directory, file);
  const start = readStart(path);
  if (start.length < AT_ONCE_BYTES) return checked(file, schema, parsed(start.toString()));
  const { text, omitted_bytes } = await readBounded(path, limit);
  if (omitted_bytes > 0) throw new Error(`${file}: larger than ${limit} bytes`);
  return checked(file, schema, parsed(text));
}

/** Undefined where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checked<T extends z.ZodType>(file: RunFile, schema: T, value: unknown): z.output<T> {
  if (value === undefined) throw new Error(`${file}: not JSON`);
  const result = check(schema, value);
  if (result.success) return result.data;
  throw new Error(`${file}: ${firstFault(result.error)}`);
}

/**
 * The start of a regular file, all of a small one; it stands until the next is read. Throws
 * NotContained, and the system's error.
 */
function readStart(path: string): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(file).isFile()) throw new NotContained("not a regular file");
    return atOnce.subarray(0, readSync(file, atOnce, 0, AT_ONCE_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

function lastWrite(directory: string): number {
  const files = [RunFile.run, RunFile.containerLog, RunFile.events, RunFile.modelCalls];
  return Math.max(...files.map((file) => look(runFile(directory, file))?.mtimeMs ?? 0));
}
