import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RUN_FOLDERS, RunFile, runFile } from "./directory.js";
import { Issue } from "./issue.js";
import { RunRecord } from "./run.js";
import { writeJson } from "./write.js";

/** A run directory that is being filled. */
export interface OpenRun {
  readonly directory: string;
  /** The record as it stands; change it through `save`. */
  readonly record: RunRecord;
  /** Changes the record and writes it whole. Throws the system's error, but for a full disk once. */
  save(change: Partial<RunRecord>): Promise<void>;
}

/** Space kept back, so that a full disk can still take the last word on how the run went. */
const RESERVE = "meta/.reserve";
const RESERVE_BYTES = 256 * 1024;

/**
 * Makes the run directory with its folders, its first `meta/run.json` and, where it is given, its
 * `input/issue.json`, so that from its first moment on it is readable; where that cannot be, none is
 * left. Throws the system's error (EEXIST where the directory is there).
 */
export async function openRun(
  directory: string,
  first: RunRecord,
  issue?: Issue,
): Promise<OpenRun> {
  let record = first;
  const write = () => writeJson(runFile(directory, RunFile.run), RunRecord, record);
  await mkdir(directory);
  try {
    for (const folder of RUN_FOLDERS) await mkdir(join(directory, folder));
    await writeFile(join(directory, RESERVE), Buffer.alloc(RESERVE_BYTES, 32));
    await write();
    if (issue !== undefined) await writeJson(runFile(directory, RunFile.issue), Issue, issue);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return {
    directory,
    get record() {
      return record;
    },
    async save(change) {
      record = { ...record, ...change };
      try {
        await write();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        await releaseReserve(directory);
        await write();
      }
    },
  };
}

/** Gives the reserve back; the last thing before a run directory is sealed. */
export async function releaseReserve(directory: string): Promise<void> {
  await rm(join(directory, RESERVE), { force: true });
}
