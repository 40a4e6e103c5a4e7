import { join, resolve } from "node:path";
import { errorCode, systemWords, UserError } from "../errors.js";
import { FORMAT } from "../record/coverage.js";
import { runId } from "../record/directory.js";
import type { FsDiff } from "../record/files.js";
import { makeFolder } from "../record/folder.js";
import type { NetworkObservation } from "../record/network.js";
import { type OpenRun, openRun } from "../record/open-run.js";
import type { ProcessTree } from "../record/processes.js";
import type { ResourceUse } from "../record/resources.js";
import { notEnded, type Phase, type RunRecord } from "../record/run.js";
import { self } from "../sandbox/owner.js";
import { openLog, type RunLog } from "./log.js";
import type { Outcome } from "./outcome.js";
import type { CaptureRequest } from "./request.js";

/** What the observers saw, in memory; an observer that broke is its error. */
export interface Observations {
  processes: ProcessTree | Error;
  network: NetworkObservation | Error;
  resources: ResourceUse | Error;
  files: FsDiff | Error;
  /** How the kernel sensor fared. */
  kernel: { ok: boolean; reason?: string };
}

/** One run while it goes on: its directory, its log, and what is known of how it went. */
export interface Run {
  readonly id: string;
  readonly directory: string;
  readonly open: OpenRun;
  readonly log: RunLog;
  /** Whose the copied files and the agent are, in the room. */
  readonly user: { uid: number; gid: number };
  /** How the run ended; only the first cause counts. */
  ends(outcome: Outcome): void;
  outcome(): Outcome | null;
  /** Something that makes the capture less than it should be, but not invalid by itself. */
  problem(text: string): Promise<void>;
  problems(): string[];
  /** Begins a phase and closes the one before. */
  phase(phase: Phase): Promise<void>;
  phases(): Partial<Record<Phase, number>>;
  /** What the observers saw, once they have ended. */
  observed: Observations | null;
  /** How the agent's last call for an answer failed; null where it did not. */
  modelError: string | null;
}

/** The agent's user where the supervisor is root; else the room runs as the supervisor's own. */
const AGENT_USER = { uid: 1000, gid: 1000 };

/** Makes the run directory. Throws UserError where it cannot be made. */
export async function beginRun(request: CaptureRequest): Promise<Run> {
  const uid = process.getuid?.() ?? 0;
  const user = uid === 0 ? AGENT_USER : { uid, gid: process.getgid?.() ?? uid };
  const open = await makeDirectory(request, user);
  const log = await openLog(open.directory);
  const problems: string[] = [];
  const phases: Partial<Record<Phase, number>> = {};
  let outcome: Outcome | null = null;
  let current: { phase: Phase; since: number } | null = null;
  return {
    id: open.record.run_id,
    directory: open.directory,
    open,
    log,
    user,
    observed: null,
    modelError: null,
    ends: (cause) => {
      outcome ??= cause;
    },
    outcome: () => outcome,
    async problem(text) {
      problems.push(text);
      await log.note(`problem: ${text}`);
    },
    problems: () => problems,
    async phase(phase) {
      const now = performance.now();
      if (current !== null) {
        phases[current.phase] = (phases[current.phase] ?? 0) + now - current.since;
      }
      current = { phase, since: now };
      request.onProgress({ type: "phase", phase });
      await log.note(`phase ${phase}`);
    },
    phases: () => {
      const now = performance.now();
      const all = { ...phases };
      if (current !== null) {
        all[current.phase] = (all[current.phase] ?? 0) + now - current.since;
      }
      return Object.fromEntries(Object.entries(all).map(([name, ms]) => [name, Math.round(ms)]));
    },
  };
}

async function makeDirectory(
  request: CaptureRequest,
  user: { uid: number; gid: number },
): Promise<OpenRun> {
  const captures = resolve(request.captures);
  try {
    await makeFolder(captures);
    for (;;) {
      const startedAt = new Date();
      const id = runId(request.issue.issue.id, startedAt);
      try {
        const first = firstRecord(request, id, startedAt, user);
        return await openRun(join(captures, id), first, request.issue.issue);
      } catch (error) {
        // Another supervisor began the same issue in the same millisecond.
        if (errorCode(error) !== "EEXIST") throw error;
        await new Promise((again) => setTimeout(again, 2));
      }
    }
  } catch (error) {
    throw new UserError(`${captures}: no run directory could be made: ${systemWords(error)}`, {
      hint: "name a writable folder with --captures DIR",
      cause: error,
    });
  }
}

function firstRecord(
  request: CaptureRequest,
  id: string,
  startedAt: Date,
  user: { uid: number; gid: number },
): RunRecord {
  const { agent, model, image, engine, limits, network, attempt } = request;
  const { issue } = request.issue;
  return {
    format: FORMAT,
    run_id: id,
    issue_id: issue.id,
    risk_level: issue.risk_level,
    title: issue.title,
    agent: { name: agent.name, version: image.version, command: [] },
    model: `${model.provider}/${model.name}`,
    model_source: model.source,
    model_api: model.api,
    ...(attempt === undefined ? {} : { attempt: attempt.n, attempts: [...attempt.earlier] }),
    ...(model.origin === null ? {} : { replay_of: model.origin }),
    image: { ref: image.ref, id: image.id },
    sandbox: {
      engine: `${engine.name} ${engine.version}`,
      network: network.mode,
      ...(network.mode === "allow" ? { allow_hosts: network.allowHosts } : {}),
      memory_bytes: limits.memoryBytes,
      cpus: limits.cpus,
      pids: limits.pids,
      user: `${user.uid}:${user.gid}`,
    },
    owner: { ...self() },
    started_at: startedAt.toISOString(),
    ...notEnded(),
  };
}
