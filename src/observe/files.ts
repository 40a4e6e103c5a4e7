import type { Seeker } from "../canaries/seek.js";
import { explain } from "../errors.js";
import { FORMAT } from "../record/coverage.js";
import type { FsDiff } from "../record/files.js";
import type { Baseline } from "./files-baseline.js";
import { allowance, DIFF_BOUNDS, type DiffBounds } from "./files-content.js";
import { readsByAccessTime } from "./files-planted.js";
import { diffSystem, nothingSeen } from "./files-system.js";
import { type SystemRequest, systemView } from "./files-view.js";
import { diffWorkspace, type Original } from "./files-workspace.js";

export { type Baseline, takeBaseline } from "./files-baseline.js";
export type { DiffBounds } from "./files-content.js";
export type { PlantedFile } from "./files-planted.js";
export type { Original } from "./files-workspace.js";

/** What the files observer looks at. The room must be frozen. */
export interface FilesRequest extends SystemRequest {
  readonly workspace: {
    /** The copy, on this host. */
    readonly root: string;
    /** As it was just before the agent started. */
    readonly baseline: Baseline;
    readonly original: Original | null;
  };
  /** Looks for canaries in what changed files hold. */
  readonly seeker?: Seeker;
  /**
   * Where the workspace and the places were sent to the room and fetched back: what could not be, a
   * sentence each. Left out where the room has this host's own files.
   */
  readonly carried?: readonly string[] | undefined;
  readonly bounds?: Partial<DiffBounds>;
  readonly signal?: AbortSignal;
}

/** A blind spot of snapshots alone: the kernel sensor takes it away. */
export const MADE_AND_DELETED =
  "a file that was made and removed again before the end leaves nothing to see";
const CARRIED =
  "the engine does not reach this host's files: they were sent to it and fetched back when the agent had ended, their times to a second, and nothing kept the agent's own plugin from being written to";
/** Blind spots that the kernel sensor takes away, too. */
export const READS_BY_TIME =
  "of reading, only the first of a planted file is seen, by its access time, and not who read it";
export const READS_UNSEEN = "what was only read is not seen";
const ALWAYS_BLIND = [
  MADE_AND_DELETED,
  "of what was written several times only the last state is seen",
  "owners, extended attributes and access lists are not compared",
];

/**
 * Compares before and after, in the workspace and in the rest of the room, as a whole
 * `fs_diff.json`. A part that cannot be read is a blind spot, or the coverage's error where nothing
 * of it could be; it throws only the signal's reason.
 */
export async function observeFiles(request: FilesRequest): Promise<FsDiff> {
  const { workspace, signal } = request;
  const left = allowance({ ...DIFF_BOUNDS, ...request.bounds }, request.seeker);
  // Before anything here reads them.
  const { planted = [], places = [], room } = request;
  const shared = request.carried === undefined;
  const reads = shared ? readsByAccessTime(planted, places, room.layers?.upper ?? null) : null;
  const errors: string[] = [];
  const seen = async <T>(what: string, work: Promise<T>): Promise<T | null> => {
    try {
      return await work;
    } catch (error) {
      signal?.throwIfAborted();
      errors.push(`${what}: ${explain(error)}`);
      return null;
    }
  };
  const inside = await seen(
    "workspace",
    diffWorkspace(workspace.root, workspace.baseline, workspace.original, left, signal),
  );
  const outside = await seen("system", diffSystem(systemView(request), left, signal));
  const [here, there] = [inside ?? nothingSeen(), outside ?? nothingSeen()];
  return {
    format: FORMAT,
    coverage: {
      method: errors.length === 2 ? "none" : "snapshot",
      source: `the workspace before and after${outside === null ? "" : `; ${outside.source}`}`,
      samples: 2,
      lost_events: 0,
      blind_spots: [
        ...ALWAYS_BLIND,
        reads === null ? READS_UNSEEN : READS_BY_TIME,
        ...(shared ? [] : [CARRIED, ...request.carried]),
        ...(inside?.blind_spots ?? []),
        ...(outside?.blind_spots ?? []),
      ],
      ...(errors.length === 0 ? {} : { error: errors.join("; ") }),
      started_at: workspace.baseline.taken_at,
      ended_at: new Date().toISOString(),
    },
    workspace: here.changes,
    system: there.changes,
    ...(reads === null ? {} : { reads }),
    totals: {
      workspace: here.totals,
      system: there.totals,
      lines_added: here.lines_added + there.lines_added,
      lines_removed: here.lines_removed + there.lines_removed,
      omitted: here.omitted + there.omitted,
    },
  };
}
