import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { assertContained } from "../record/contained.js";
import { attemptFolder, RunFile, runFile } from "../record/directory.js";
import { releaseReserve } from "../record/open-run.js";
import { readJson } from "../record/read.js";
import { type EarlierAttempt, RunRecord } from "../record/run.js";
import { writeJson, writeManifest } from "../record/write.js";
import { mayLive } from "../sandbox/owner.js";
import { asEarlier, bringIn, setAside } from "./attempts-kept.js";
import { validity } from "./validity.js";
import { removeTree } from "./workspace-remove.js";

/**
 * Closes every run directory that a dead supervisor left open: status `interrupted`, valid only if
 * its observations were written; one that was closed and has no seal gets that. What is unreadable is
 * left as it is. Returns the closed ones.
 */
export async function closeInterrupted(captures: string): Promise<string[]> {
  const names = await readdir(captures).catch(() => []);
  const closed: string[] = [];
  // The newest first: it may be the attempt that takes those before it in.
  for (const name of names.sort().reverse()) {
    const directory = join(captures, name);
    // A sealed directory has its manifest: the common case costs one look.
    if (isSealed(directory)) continue;
    const record = await recordIn(directory);
    if (record?.owner === undefined || mayLive(record.owner)) continue;
    if (record.run_status !== null) {
      // It had ended: only the seal is missing. Where that cannot be made, the next start tries again.
      await sealAgain(directory).catch(() => {});
      continue;
    }
    const attempts = await takeIn(directory, record);
    await close(directory, { ...record, ...(attempts.length === 0 ? {} : { attempts }) });
    closed.push(directory);
  }
  return closed.reverse();
}

/** Brings in the attempts that an open run names, wherever its supervisor's death has left them. */
async function takeIn(directory: string, record: RunRecord): Promise<EarlierAttempt[]> {
  const { owner, attempts = [] } = record;
  for (const { n, run_id } of attempts) {
    const place = join(dirname(directory), basename(run_id));
    const earlier = await recordIn(place);
    if (earlier?.attempt !== n || !isSame(earlier.owner, owner)) continue;
    if (earlier.run_status === null) await close(place, { ...earlier, attempts: [] });
    else if (!isSealed(place)) await sealAgain(place);
    // One that cannot be moved stays a capture of its own.
    await setAside(place).catch(() => {});
  }
  await bringIn(directory, attempts);
  return Promise.all(
    attempts.map(async (named) => {
      const kept = await recordIn(join(directory, attemptFolder(named.n)));
      return kept === null ? named : asEarlier(named.n, kept);
    }),
  );
}

async function close(directory: string, record: RunRecord): Promise<void> {
  await releaseReserve(directory);
  await removeTree(runFile(directory, RunFile.workspace));
  const problems = [...record.capture_problems, ...validity(directory)];
  await writeJson(runFile(directory, RunFile.run), RunRecord, {
    ...record,
    ended_at: new Date().toISOString(),
    run_status: "interrupted",
    run_status_reason: "the supervisor died before the run had ended",
    capture_valid: problems.length === 0,
    capture_problems: problems,
  });
  await writeManifest(directory);
}

/** Seals what its supervisor had closed and not sealed yet. Throws the system's error. */
async function sealAgain(directory: string): Promise<void> {
  await releaseReserve(directory);
  await writeManifest(directory);
}

function isSealed(directory: string): boolean {
  return existsSync(runFile(directory, RunFile.manifest));
}

/** Null, too, where a link leads elsewhere: nothing there is ours to close. */
async function recordIn(directory: string): Promise<RunRecord | null> {
  try {
    assertContained(directory);
    return await readJson(runFile(directory, RunFile.run), RunRecord);
  } catch {
    return null;
  }
}

function isSame(one: RunRecord["owner"], other: RunRecord["owner"]): boolean {
  return (
    one !== undefined &&
    one.pid === other?.pid &&
    one.started === other.started &&
    one.host === other.host
  );
}
