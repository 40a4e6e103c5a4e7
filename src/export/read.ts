import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { explain } from "../errors.js";
import { assertNoLinks } from "../record/contained.js";
import { RunFile, runFile } from "../record/directory.js";
import { NetworkObservation } from "../record/network.js";
import { ProcessTree } from "../record/processes.js";
import { readJson } from "../record/read.js";
import { Summary } from "../record/summary.js";
import { summarize } from "../summary/summary.js";

/** Why a folder is no capture: it holds no run's record, or a link in it leads elsewhere; else null. */
export async function whyNoCapture(directory: string): Promise<string | null> {
  try {
    assertNoLinks(directory);
  } catch (error) {
    return explain(error);
  }
  const stats = await lstat(join(directory, RunFile.run)).catch(() => null);
  return stats?.isFile() ? null : "no run directory";
}

/** The summary that is there, else one folded now. Its `problems` name what could not be read. */
export async function summaryOf(directory: string): Promise<Summary> {
  return (await part(directory, RunFile.summary, Summary)) ?? (await summarize(directory));
}

/** One JSON file of a run directory, null where it is missing or not as its schema says. */
export async function part<T extends z.ZodType>(
  directory: string,
  file: RunFile,
  schema: T,
): Promise<z.output<T> | null> {
  return readJson(runFile(directory, file), schema).catch(() => null);
}

export const processTreeOf = (directory: string) => part(directory, RunFile.processes, ProcessTree);

export const networkOf = (directory: string) =>
  part(directory, RunFile.network, NetworkObservation);
