import { pipeline } from "node:stream/promises";
import { ExitCode, errorCode } from "../errors.js";
import { capturesIn, exportCapture, exportDataset } from "../export/export.js";
import type { ExportFormat } from "../export/formats.js";
import { harmless, type Output } from "./output.js";
import { assertWritable, writeOutputFile } from "./output-file.js";

/** Where an export goes. */
export interface Destination {
  /** A file; `-` or undefined is standard output. */
  output?: string;
  /** Takes the place of a file that is there. */
  force?: boolean;
}

/**
 * `export DIR`: a capture, or with jsonl a folder of them, in another format. A file appears whole or
 * not at all. Throws UserError where DIR holds no capture, the file is there already, or it cannot be
 * written. The code says whether every capture's record could be read.
 */
export async function exportTo(
  directory: string,
  format: ExportFormat,
  { output: file = "-", force = false }: Destination,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const toFile = file !== "-";
  if (toFile) await assertWritable(file, force);
  const { text, captures, broken } = await exportOf(directory, format, output);
  if (toFile) await writeOutputFile(file, text, signal);
  else await print(text, signal);
  if (broken.length > 0)
    output.aside(`${broken.length} of ${captures} captures could not be read; their lines say so.`);
  if (toFile) {
    output.result(file);
    output.json({ type: "export", format, file, captures, unreadable: broken.length });
  }
  return broken.length > 0 ? ExitCode.invalidCapture : ExitCode.ok;
}

async function exportOf(directory: string, format: ExportFormat, output: Output) {
  const broken: string[] = [];
  if (format !== "jsonl") return { text: exportCapture(directory, format), captures: 1, broken };
  const { directories, others } = await capturesIn(directory);
  for (const { name, why } of others) output.aside(harmless(`${name}: ${why}, left out`));
  const text = exportDataset(directories, (capture, why) => {
    broken.push(capture);
    output.aside(harmless(`${capture}: ${why}`));
  });
  return { text, captures: directories.length, broken };
}

async function print(text: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  await pipeline(text, process.stdout, { end: false, signal }).catch((error) => {
    // A reader that has seen enough, as `| head` has, is no fault.
    if (errorCode(error) !== "EPIPE") throw error;
  });
}
