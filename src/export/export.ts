import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { explain, UserError } from "../errors.js";
import { readRun } from "../summary/read-run.js";
import { asciicast } from "./asciicast.js";
import { atif } from "./atif.js";
import { chromeTrace } from "./chrome-trace.js";
import { datasetLine } from "./dataset.js";
import type { ExportFormat } from "./formats.js";
import { har } from "./har.js";
import { otlp } from "./otlp.js";
import { whyNoCapture } from "./read.js";

const WRITERS: Record<ExportFormat, (directory: string) => AsyncGenerator<string>> = {
  atif,
  otlp,
  "chrome-trace": chromeTrace,
  asciicast,
  jsonl: oneLine,
  har,
};

/** Written at once, so that a long export is not one system call a line. */
const PIECE_LENGTH = 64 * 1024;

/**
 * A capture in another format, as pieces of text in order. Reads the run directory only, follows no
 * links in it, and holds no more than one capture's observations. What is missing or unreadable is
 * left out and said in the export. Throws UserError, with the first piece, where `directory` is no
 * run directory.
 */
export async function* exportCapture(
  directory: string,
  format: ExportFormat,
): AsyncGenerator<string> {
  await readRun(directory);
  yield* inPieces(WRITERS[format](directory));
}

/** The folders that a dataset is made of, and those beside them that are none. */
export interface Captures {
  /** Run directories, by name. */
  directories: string[];
  /** Names of folders that hold no run's record, or in which a link leads elsewhere. */
  others: { name: string; why: string }[];
}

/**
 * The run directories that `directory` stands for: itself, or those right inside it. Links are not
 * followed. Throws UserError where there is none or it cannot be read.
 */
export async function capturesIn(directory: string): Promise<Captures> {
  if ((await whyNoCapture(directory)) === null) return { directories: [directory], others: [] };
  const entries = await readdir(directory, { withFileTypes: true }).catch((error) => {
    throw new UserError(`${directory}: ${explain(error)}`, { cause: error });
  });
  // Hidden ones are attempts of a capture that goes on.
  const names = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name)
    .sort();
  const found: Captures = { directories: [], others: [] };
  for (const name of names) {
    const inside = join(directory, name);
    const why = await whyNoCapture(inside);
    if (why === null) found.directories.push(inside);
    else found.others.push({ name, why });
  }
  if (found.directories.length > 0) return found;
  throw new UserError(`${directory} is no run directory, and holds none`, {
    hint: "name artifacts/captures or one of the folders in it",
  });
}

/**
 * One line per capture, one capture at a time. One whose record cannot be read is a line that says
 * so, and `onBroken` is told why.
 */
export async function* exportDataset(
  directories: readonly string[],
  onBroken: (directory: string, why: string) => void,
): AsyncGenerator<string> {
  for (const directory of directories) {
    const { text, broken } = await datasetLine(directory);
    if (broken !== null) onBroken(directory, broken);
    yield text;
  }
}

async function* oneLine(directory: string): AsyncGenerator<string> {
  yield (await datasetLine(directory)).text;
}

async function* inPieces(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let held: string[] = [];
  let length = 0;
  for await (const text of texts) {
    held.push(text);
    length += text.length;
    if (length < PIECE_LENGTH) continue;
    yield held.join("");
    [held, length] = [[], 0];
  }
  if (length > 0) yield held.join("");
}
