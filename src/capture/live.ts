import { rename, rm, writeFile } from "node:fs/promises";
import { noChanges } from "../observe/files-collect.js";
import type { ChangesWatch } from "../observe/files-so-far.js";
import type { NetworkWatch } from "../observe/network.js";
import type { ProcessWatch } from "../observe/process-watch.js";
import type { ResourceWatch } from "../observe/resources.js";
import { type Coverage, FORMAT } from "../record/coverage.js";
import { RunFile, runFile } from "../record/directory.js";
import type { FileChange } from "../record/files.js";
import { ROOM } from "./layout.js";
import { newest, spread, withMembers } from "./live-text.js";

/** What is told of while the room is watched. */
export interface LookedOn {
  /** Whether the kernel sensor tells, or polling. */
  method: Coverage["method"];
  processes: Pick<ProcessWatch, "soFar">;
  network: Pick<NetworkWatch, "soFar">;
  resources: Pick<ResourceWatch, "soFar">;
  changes: Pick<ChangesWatch, "soFar">;
  policy: string;
}

const EVERY_MS = 100;
/** New samples of CPU and memory alone are no reason to tell more often than this. */
const SAMPLES_EVERY_MS = 1_000;
/** So many times longer than it takes to tell is waited before it is told again: at most 3 %. */
const REST = 30;
/** Of each kind the newest so many are told, as far as they fit; the observations hold all. */
export const MAX_TOLD = 1_000;
const BYTES = {
  processes: 512 * 1024,
  files: 192 * 1024,
  connections: 256 * 1024,
  names: 96 * 1024,
};
const MAX_SAMPLES = 500;
const BLIND = {
  all: "the run had not ended: this is what was seen until then",
  files: "contents, sizes and lines are told when the run has ended",
  network: "what only packets tell is told when the run has ended",
};

/**
 * Keeps `observations/live.json` up to date while the room is watched, for those who look on.
 * Disposing it ends that; the file stands until the observations themselves do, see `removeLive`.
 * What cannot be written is not told: nothing rests on it.
 */
export function tellLive(directory: string, watched: LookedOn): AsyncDisposable {
  const path = runFile(directory, RunFile.live);
  const startedAt = new Date().toISOString();
  let [told, toldAt] = ["", Number.NEGATIVE_INFINITY];
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let telling: Promise<void> = Promise.resolve();
  const tell = async () => {
    const began = performance.now();
    const parts = seenSoFar(watched);
    const { resources: _, ...events } = parts;
    const text = Object.values(events)
      .flatMap(({ lists }) => Object.values(lists))
      .join();
    const due = text !== told || began - toldAt > SAMPLES_EVERY_MS;
    const snapshot = due ? snapshotOf(parts, startedAt) : null;
    const took = performance.now() - began;
    if (snapshot !== null) {
      await writeFile(`${path}.tmp`, `${snapshot}\n`);
      await rename(`${path}.tmp`, path);
      [told, toldAt] = [text, began];
    }
    if (!closed) timer = setTimeout(again, Math.max(EVERY_MS, REST * took));
  };
  const again = () => {
    telling = tell().catch(() => {
      if (!closed) timer = setTimeout(again, EVERY_MS * REST);
    });
  };
  again();
  return {
    async [Symbol.asyncDispose]() {
      closed = true;
      clearTimeout(timer);
      await telling;
    },
  };
}

/** Takes the file away: what it told of stands in the observations now, or was lost. */
export async function removeLive(directory: string): Promise<void> {
  const path = runFile(directory, RunFile.live);
  for (const left of [`${path}.tmp`, path]) await rm(left, { force: true });
}

/** One observation so far: its lists as JSON, and what else it holds. */
interface Part {
  method: Coverage["method"];
  blind: string[];
  head: object;
  lists: Record<string, string>;
}

type Parts = Record<"processes" | "files" | "network" | "resources", Part>;

function seenSoFar(watched: LookedOn): Parts {
  const { method } = watched;
  const tree = newest(watched.processes.soFar(), MAX_TOLD, BYTES.processes);
  const { connections: all, names: asked } = watched.network.soFar();
  const connections = newest(all, MAX_TOLD, BYTES.connections);
  const names = newest(asked, MAX_TOLD, BYTES.names);
  const { samples, ...use } = watched.resources.soFar();
  return {
    processes: {
      ...{ method, blind: [], head: left("omitted", tree.omitted) },
      lists: { processes: tree.text },
    },
    files: filesSoFar(watched),
    network: {
      ...{ method, blind: [BLIND.network] },
      head: {
        policy: watched.policy,
        ...left("omitted", connections.omitted),
        ...left("omitted_names", names.omitted),
      },
      lists: { connections: connections.text, names: names.text },
    },
    resources: {
      ...{ method: "poll", blind: [], head: use },
      lists: { samples: spread(samples, MAX_SAMPLES).text },
    },
  };
}

function filesSoFar({ method, changes }: LookedOn): Part {
  const { workspace, system, omitted, blind_spots } = changes.soFar();
  const outside = system.filter(({ path }) => !path.startsWith(`${ROOM.capture}/`));
  const count = (counted: FileChange[]) => {
    const totals = noChanges();
    for (const { change } of counted) totals[change] += 1;
    return totals;
  };
  const inside = newest(workspace, MAX_TOLD, BYTES.files);
  const others = newest(outside, MAX_TOLD, BYTES.files);
  return {
    ...{ method: method === "kernel" ? method : "snapshot", blind: [BLIND.files, ...blind_spots] },
    head: {
      totals: {
        ...{ workspace: count(workspace), system: count(outside) },
        ...{ lines_added: 0, lines_removed: 0 },
        omitted: omitted + inside.omitted + others.omitted,
      },
    },
    lists: { workspace: inside.text, system: others.text },
  };
}

function snapshotOf(parts: Parts, started_at: string): string {
  const at = new Date().toISOString();
  const texts = Object.entries(parts).map(([name, { method, blind, head, lists }]) => {
    const coverage: Coverage = {
      ...{ method, lost_events: 0, started_at, ended_at: at },
      blind_spots: [BLIND.all, ...blind],
    };
    return [name, withMembers({ format: FORMAT, coverage, ...head }, lists)];
  });
  return withMembers({ format: FORMAT, at }, Object.fromEntries(texts));
}

function left(name: string, omitted: number): object {
  return omitted > 0 ? { [name]: omitted } : {};
}
