import { join } from "node:path";
import { type ReadyIssue, readIssues } from "../capture/issues.js";
import { recordedModel } from "../capture/model.js";
import { type ExitCode, systemWords, UserError } from "../errors.js";
import { RunFile, runFile } from "../record/directory.js";
import { Issue } from "../record/issue.js";
import { readJson } from "../record/read.js";
import { type Departure, ReplayRecord } from "../record/replay.js";
import type { Settings } from "../settings.js";
import { readRun } from "../summary/read-run.js";
import { harmlessLines, type Output, paint } from "./output.js";
import { captureQueue } from "./queue.js";

/** Lines of one diff that are printed; the file has them all. */
const SHOWN_LINES = 40;

/**
 * `replay DIR`: captures a recorded run's issue again, its model's answers taken from the recording,
 * and tells where the agent departed from it. Throws UserError where DIR holds no recorded run, or
 * its workspace is not known here.
 */
export async function replay(
  directory: string,
  settings: Settings,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const run = await readRun(directory);
  const issue = await issueOf(directory);
  const model = await recordedModel(directory, run);
  const ready = await locate(issue, settings);
  const { code, captures } = await captureQueue([ready], settings, output, signal, model);
  for (const { directory: replayed } of captures) await tellDepartures(replayed, output);
  return code;
}

async function issueOf(directory: string): Promise<Issue> {
  return readJson(runFile(directory, RunFile.issue), Issue).catch((error) => {
    throw new UserError(`${directory} does not say which issue it is of: ${systemWords(error)}`, {
      hint: "name a run directory that holds input/issue.json",
      cause: error,
    });
  });
}

/** The issue in the words of the recorded run; only where its workspace lies is looked up anew. */
async function locate(issue: Issue, { tasks, workspace }: Settings): Promise<ReadyIssue> {
  if (workspace !== undefined) return { issue, workspace, script: null };
  const listed = (await readIssues(tasks)).find((each) => each.issue.id === issue.id);
  if (listed !== undefined) return { ...listed, issue, script: null };
  throw new UserError(`${tasks} has no issue "${issue.id}", so its workspace is not known`, {
    hint: "name the issues file with --tasks FILE, or the folder with --workspace DIR",
  });
}

async function tellDepartures(directory: string, output: Output): Promise<void> {
  const record = await readJson(runFile(directory, RunFile.replay), ReplayRecord).catch(() => null);
  if (record === null) return output.aside("Where the agent departed is not known.");
  const { exact, nearest, none, unused, departures } = record;
  output.json({ type: "replay", exact, nearest, none, unused: unused.length });
  output.line(
    `Of ${exact + nearest + none} calls, ${exact} were as recorded, ${nearest} differed and ` +
      `${none} had no recorded turn; ${unused.length} recorded calls were not asked for.`,
  );
  for (const departure of departures) tellOne(departure, output);
  if (departures.length > 0) output.line(`All of it: ${join(directory, RunFile.replay)}`);
}

function tellOne({ seq, turn, recorded_seq, diff }: Departure, output: Output): void {
  const place = turn === null ? "" : `, turn ${turn + 1}`;
  if (recorded_seq === null) output.line(`Call ${seq}${place}: nothing was recorded there.`);
  // What follows from a difference that was shown already is in the file alone.
  if (recorded_seq === null || diff === "") return;
  output.line(`Call ${seq}${place} differs from recorded call ${recorded_seq}:`);
  const lines = harmlessLines(diff.trimEnd()).split("\n");
  for (const line of lines.slice(0, SHOWN_LINES)) output.line(`  ${coloured(line)}`);
  if (lines.length > SHOWN_LINES) output.line(`  (${lines.length - SHOWN_LINES} more lines)`);
}

function coloured(line: string): string {
  if (line.startsWith("+")) return paint("green", line);
  return line.startsWith("-") ? paint("red", line) : line;
}
