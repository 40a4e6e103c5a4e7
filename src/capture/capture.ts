import { statfs } from "node:fs/promises";
import { explain } from "../errors.js";
import type { RunRecord } from "../record/run.js";
import { bringIn } from "./attempts-kept.js";
import { performRun } from "./perform.js";
import type { CaptureRequest } from "./request.js";
import { beginRun, type Run } from "./run.js";
import { sealRun } from "./seal.js";

/** Far more than observations take, within their bounds. */
const SPACE_BYTES = 1024 ** 3;

export interface Capture {
  directory: string;
  record: RunRecord;
}

/**
 * Captures one issue: opens a run directory, runs the agent in a room, observes, seals. Whatever
 * happens to the agent, the room or the engine ends up in the record. Throws UserError where the
 * run directory cannot be made, and the system's error where its record cannot be written.
 */
export async function capture(request: CaptureRequest): Promise<Capture> {
  const run = await beginRun(request);
  let closed = null as Capture | null;
  let told = 0;
  await performCapture(run, request, async () => {
    if (!(await hasSpace(run.directory))) return;
    closed = await closeCapture(run, request);
    told = run.problems().length;
  });
  // What was not destroyed belongs in the record, too; and what the disk had no room for may fit now.
  const stands = closed?.record.capture_valid === true && run.problems().length === told;
  return closed !== null && stands ? closed : closeCapture(run, request);
}

/** Whether what was observed can be written before the room's layer and the workspace are gone. */
async function hasSpace(directory: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize >= SPACE_BYTES;
}

/**
 * The middle of a capture: what goes wrong in it ends the run, and is in its record. `meanwhile` is
 * called when all is observed, while the room is destroyed.
 */
export async function performCapture(
  run: Run,
  request: CaptureRequest,
  meanwhile = async () => {},
): Promise<void> {
  try {
    await request.attempt?.announce();
    request.onProgress({ type: "opened", directory: run.directory, runId: run.id });
    await performRun(run, request, meanwhile);
  } catch (error) {
    const why = explain(error);
    run.ends(request.signal.aborted ? { how: "cancelled" } : { how: "setup_failed", why });
    await run.problem(why);
  }
}

/** The end of a capture that no other attempt follows: those before it are brought in first. */
export async function closeCapture(run: Run, request: CaptureRequest): Promise<Capture> {
  const { directory, open } = run;
  await bringIn(directory, open.record.attempts ?? []).catch((error) =>
    run.problem(`earlier attempts were not brought in: ${explain(error)}`),
  );
  const captured = { directory, record: await sealRun(run, request) };
  await request.onSealed?.(captured);
  return captured;
}
