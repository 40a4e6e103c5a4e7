import { rm } from "node:fs/promises";
import { explain } from "../errors.js";
import { RunFile, runFile } from "../record/directory.js";
import { releaseReserve } from "../record/open-run.js";
import type { RunRecord } from "../record/run.js";
import { writeManifest } from "../record/write.js";
import { removeLive } from "./live.js";
import { readNative } from "./native.js";
import { writeObservations } from "./observations.js";
import { toRecord } from "./outcome.js";
import type { CaptureRequest } from "./request.js";
import type { Run } from "./run.js";
import { validity } from "./validity.js";

/**
 * Closes a run directory: logs ended, the record completed, the manifest written. Throws the
 * system's error only where not even `meta/run.json` can be written.
 */
export async function sealRun(run: Run, request: CaptureRequest): Promise<RunRecord> {
  await run.phase("seal");
  // Sealed once more, it is not sealed until it is whole again: see closeInterrupted.
  await rm(runFile(run.directory, RunFile.manifest), { force: true });
  const unwritten = run.observed === null ? [] : await writeObservations(run, run.observed);
  await removeLive(run.directory);
  const native = await readNative(run.directory, request.agent);
  const logs = await run.log.close();
  // The disk may be full: what was kept back for this moment is freed now.
  await releaseReserve(run.directory);
  const outcome = run.outcome() ?? { how: "setup_failed" as const, why: "the run never began" };
  const problems = [...validity(run.directory), ...run.problems(), ...unwritten, ...logs.problems];
  const endedAt = new Date();
  await run.open.save({
    ...toRecord(outcome, { oomSeen: run.open.record.oom_killed, modelError: run.modelError }),
    ended_at: endedAt.toISOString(),
    duration_ms: endedAt.getTime() - Date.parse(run.open.record.started_at),
    phases_ms: { ...run.open.record.phases_ms, ...run.phases() },
    capture_valid: validity(run.directory).length === 0,
    capture_problems: problems,
    native_events: native.status,
    ...(Object.keys(logs.cut).length > 0 ? { logs_cut_bytes: logs.cut } : {}),
  });
  await writeManifest(run.directory).catch(async (error) => {
    await run.open.save({ capture_problems: [...problems, `no manifest: ${explain(error)}`] });
  });
  return run.open.record;
}
