import { explain } from "../errors.js";
import type { Layers } from "../sandbox/room.js";
import { problemList } from "./files-baseline.js";
import {
  type Candidates,
  type Changes,
  holdCandidates,
  noChanges,
  settle,
} from "./files-collect.js";
import type { Allowance, Known } from "./files-content.js";
import { isDeletionMark, type Lowers, lookThrough } from "./files-layers.js";
import { listedChanges, ONLY_NAMES } from "./files-listed.js";
import type { SystemView } from "./files-view.js";
import { compareTree } from "./files-workspace.js";
import { walkTree } from "./tree.js";
import type { BytePath } from "./tree-cursor.js";
import { factsAt, factsOf, namesAt } from "./tree-facts.js";

/** What changed outside the workspace, and how it was seen. */
export type SystemChanges = Changes & { blind_spots: string[]; source: string };

/**
 * What changed outside the workspace, with paths absolute in the room; the room must be frozen. A
 * deleted folder stands for all that was below it. Where a part cannot be read, or only by the
 * engine's list (names without contents), blind spots say so. Throws only the signal's reason.
 */
export async function diffSystem(
  view: SystemView,
  left: Allowance,
  signal?: AbortSignal,
): Promise<SystemChanges> {
  const { maxChanges } = left.bounds;
  const candidates = holdCandidates(left.bounds);
  const problems = problemList();
  const blind: string[] = [];
  const read = await compareSystem(view, candidates, problems.add, signal);
  const changes = await settle(candidates, left, signal);
  if (read && view.merged === null)
    blind.push("files gone from a folder that was deleted and made again are not listed");
  if (!read) {
    blind.push(ONLY_NAMES);
    const listed = await contained(problems.add, signal, "the engine's list of changes", () =>
      listedChanges(view, signal),
    );
    for (const one of listed ?? []) {
      if (changes.changes.length >= maxChanges) changes.omitted += 1;
      else {
        changes.changes.push(one);
        changes.totals[one.change] += 1;
      }
    }
  }
  return {
    ...changes,
    blind_spots: [...blind, ...problems.list()],
    source: read ? "the writable layer, read from outside" : "the engine's list of changes",
  };
}

type OnProblem = (path: BytePath, why: string) => void;

/**
 * Adds each path outside the workspace that is not as it was before the run. False where the room's
 * writable layer cannot be read from this host: then only the engine can tell of it. Throws only the
 * signal's reason; what cannot be read goes to `onProblem`.
 */
export async function compareSystem(
  view: Omit<SystemView, "engineChanges">,
  candidates: Pick<Candidates, "add">,
  onProblem: OnProblem,
  signal?: AbortSignal,
): Promise<boolean> {
  for (const place of [...view.places, ...view.memory])
    await contained(onProblem, signal, place.shownBelow, () =>
      compareTree(place, candidates, onProblem, signal),
    );
  const { layers } = view;
  if (layers === null) return false;
  const read = await contained(onProblem, signal, "the room's writable layer", async () => {
    await readUpper(layers, view, candidates, onProblem, signal);
    return true;
  });
  return read ?? false;
}

/** What the work gives; null where it failed, which is a problem of `what`. Throws the signal's reason. */
async function contained<T>(
  onProblem: OnProblem,
  signal: AbortSignal | undefined,
  what: string,
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    onProblem(what, explain(error));
    return null;
  }
}

async function readUpper(
  layers: Layers,
  { merged, ignore, planted = new Map() }: Pick<SystemView, "merged" | "ignore" | "planted">,
  candidates: Pick<Candidates, "add">,
  onProblem: OnProblem,
  signal: AbortSignal | undefined,
): Promise<void> {
  const ignored = new Set(ignore);
  const root = layers.upper;
  const lowers = lookThrough(layers.lowers);
  const unmet = new Map(planted);
  for await (const { event, entry, address } of walkTree(root, { signal, onProblem })) {
    if (event !== "entry") continue;
    const { path } = entry;
    if (ignored.has(`/${path}`)) {
      entry.descend = false;
      continue;
    }
    const after = factsOf(entry.stats, address);
    const before = planted.get(path) ?? lowers.find(path);
    unmet.delete(path);
    if (isDeletionMark(after)) {
      if (before !== null) candidates.add({ path: `/${path}`, before, after: null });
      continue;
    }
    candidates.add({
      path: `/${path}`,
      before,
      after: { facts: after, place: { root, path, facts: after } },
    });
    if (merged === null || after.kind !== "dir" || before?.facts.kind !== "dir") continue;
    for (const name of goneFrom(path, root, merged, lowers)) {
      if (ignored.has(`/${name}`)) continue;
      candidates.add({ path: `/${name}`, before: lowers.find(name), after: null });
    }
  }
  addGone(unmet, candidates);
}

/** What was planted and is gone leaves no mark; a folder stands for what was in it. */
function addGone(unmet: ReadonlyMap<BytePath, Known>, candidates: Pick<Candidates, "add">): void {
  for (const [path, before] of unmet) {
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (!unmet.has(parent)) candidates.add({ path: `/${path}`, before, after: null });
  }
}

/** What the image had in a folder that the room no longer shows, and no deletion mark tells of. */
function goneFrom(path: BytePath, upper: string, merged: string, lowers: Lowers): Set<BytePath> {
  const gone = new Set<BytePath>();
  const shown = new Set(namesAt(merged, path));
  for (const folder of lowers.folders(path)) {
    for (const name of namesAt(folder.root, folder.path)) {
      if (shown.has(name)) continue;
      const child = `${path}/${name}`;
      if (factsAt(upper, child) !== null || factsAt(merged, child) !== null) continue;
      if (lowers.find(child) !== null) gone.add(child);
    }
  }
  return gone;
}

/** Changes where nothing could be looked at. */
export function nothingSeen(): Changes {
  return { changes: [], totals: noChanges(), lines_added: 0, lines_removed: 0, omitted: 0 };
}
