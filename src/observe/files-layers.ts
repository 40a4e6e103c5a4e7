import type { Known } from "./files-content.js";
import type { BytePath } from "./tree-cursor.js";
import { type Facts, factsAt } from "./tree-facts.js";

/** Finds what the room's image held at a path before the run. */
export interface Lowers {
  find(path: BytePath): Known | null;
  /** Where a folder's older selves lie, nearest first, as far as deletion marks let them show. */
  folders(path: BytePath): LayerFolder[];
}

interface LayerFolder {
  readonly root: string;
  readonly path: BytePath;
}

/**
 * Looks through an overlay's lower folders, nearest first. The first that has the path answers; a
 * deletion mark, or anything that is no folder on the way, hides the folders below it. Opaque marks
 * are extended attributes, which Node cannot read: they are not honoured.
 */
export function lookThrough(roots: readonly string[]): Lowers {
  const layers = roots.map(layerAt);
  const nowhere = absentPaths();
  const look = (path: BytePath): { root: string; facts: Facts }[] => {
    if (nowhere.has(parentOf(path))) {
      nowhere.add(path);
      return [];
    }
    const hits: { root: string; facts: Facts }[] = [];
    for (const layer of layers) {
      const verdict = layer.look(path);
      if (verdict === "absent") continue;
      if (verdict === "hidden") break;
      hits.push({ root: layer.root, facts: verdict });
      if (verdict.kind !== "dir") break;
    }
    if (hits.length === 0) nowhere.add(path);
    return hits;
  };
  return {
    find(path) {
      const [hit] = look(path);
      if (hit === undefined) return null;
      return { facts: hit.facts, place: { root: hit.root, path, facts: hit.facts } };
    },
    folders: (path) =>
      look(path)
        .filter(({ facts }) => facts.kind === "dir")
        .map(({ root }) => ({ root, path })),
  };
}

/** Of so many paths, none as long as this, it is remembered that they are absent: 40 MB at most. */
const MAX_ABSENT = 10_000;
const MAX_ABSENT_LENGTH = 4096;

/** Paths known to be absent, within bounds: what is not remembered is looked up anew. */
function absentPaths() {
  const paths = new Set<BytePath>();
  return {
    has: (path: BytePath) => paths.has(path),
    add(path: BytePath): void {
      if (paths.size < MAX_ABSENT && path.length < MAX_ABSENT_LENGTH) paths.add(path);
    },
  };
}

/** What one layer says of a path: its facts, nothing, or that nothing below it shows. */
type Verdict = Facts | "absent" | "hidden";

/** A layer that is not asked for what is in a folder that it has not. */
function layerAt(root: string): { root: string; look(path: BytePath): Verdict } {
  const absent = absentPaths();
  return {
    root,
    look(path) {
      const verdict = absent.has(parentOf(path)) ? "absent" : inLayer(root, path);
      if (verdict === "absent") absent.add(path);
      return verdict;
    },
  };
}

function parentOf(path: BytePath): BytePath {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function inLayer(root: string, path: BytePath): Verdict {
  const found = factsAt(root, path);
  if (found !== null && !(found instanceof Error)) return isDeletionMark(found) ? "hidden" : found;
  const names = path.split("/");
  for (let count = 1; count < names.length; count += 1) {
    const above = factsAt(root, names.slice(0, count).join("/"));
    if (above === null) return "absent";
    if (above instanceof Error || above.kind !== "dir") return "hidden";
  }
  return "absent";
}

/** An overlay marks a deleted name with a character device of number 0,0. */
export function isDeletionMark(facts: Facts): boolean {
  return facts.kind === "char_device" && facts.rdev === 0n;
}
