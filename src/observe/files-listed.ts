import type { FileChange } from "../record/files.js";
import type { EngineChange, SystemView } from "./files-view.js";
import { breather } from "./tree.js";
import type { BytePath } from "./tree-cursor.js";

/** What of this list is said wherever it stands in for the layers. */
export const ONLY_NAMES = "outside the workspace only names are known, no contents, sizes or modes";

type Listing = Pick<SystemView, "engineChanges" | "planted" | "ignore">;

/**
 * What the engine lists as changed outside the workspace: names alone, without folders that are
 * listed only for what is below them. Throws what the engine answers, and the signal's reason.
 */
export async function listedChanges(view: Listing, signal?: AbortSignal): Promise<FileChange[]> {
  return toChanges(await view.engineChanges(), view, signal);
}

/** A list of more rows is not asked for again while the room lives: reading it holds up all else. */
const MAX_LIVE_ROWS = 20_000;

/** What is said where the list has become too long for that. */
export const TOO_LONG = `outside the workspace more than ${MAX_LIVE_ROWS} names have changed: they are told when the run has ended`;

/**
 * The same list, to be asked for again and again while the room lives; null for good once it was too
 * long. What the engine answers is not waited for once the signal has aborted.
 */
export function liveList(
  view: Listing,
  signal: AbortSignal,
): () => Promise<readonly FileChange[] | null> {
  let tooLong = false;
  const ask = async () => {
    const rows = await view.engineChanges();
    tooLong = rows.length > MAX_LIVE_ROWS;
    return tooLong ? null : toChanges(rows, view, signal);
  };
  return async () => {
    if (tooLong) return null;
    // Else a signal that lives as long as the run would keep a listener, and a list, of each look.
    const over = new AbortController();
    try {
      return await Promise.race([ask(), aborted(signal, over.signal)]);
    } finally {
      over.abort();
    }
  };
}

function aborted(signal: AbortSignal, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: over });
  });
}

const KINDS = ["modified", "added", "deleted"] as const;

async function toChanges(
  rows: readonly EngineChange[],
  { planted = new Map(), ignore }: Listing,
  signal: AbortSignal | undefined,
): Promise<FileChange[]> {
  const ignored = new Set(ignore);
  const rest = breather(signal);
  const kept: EngineChange[] = [];
  // The engine tells of what was planted as added, changed or not; and of what is gone not at all.
  const gone = new Set(planted.keys());
  for (const row of rows) {
    const path = Buffer.from(row.Path.slice(1)).toString("latin1");
    if (planted.has(path)) gone.delete(path);
    else kept.push(row);
    await rest();
  }
  for (const path of gone) kept.push({ Path: `/${Buffer.from(path, "latin1")}`, Kind: 2 });
  const parents = new Set<string>();
  for (const { Path } of kept) {
    parents.add(Path.slice(0, Math.max(0, Path.lastIndexOf("/"))));
    await rest();
  }
  const changes: FileChange[] = [];
  for (const { Path, Kind } of kept) {
    await rest();
    const change = KINDS[Kind];
    if (change === undefined || isBelow(Path, ignored)) continue;
    if (Kind !== 0 || !parents.has(Path)) changes.push(listed(Path, change));
  }
  return changes;
}

/** Whether a path is one of these, or below one. */
function isBelow(path: string, ignored: ReadonlySet<BytePath>): boolean {
  const names = Buffer.from(path).toString("latin1").split("/");
  return names.some((_, last) => ignored.has(names.slice(0, last + 1).join("/")));
}

function listed(path: string, change: "modified" | "added" | "deleted"): FileChange {
  return {
    path,
    change,
    kind: "unknown",
    before: null,
    after: null,
    patch_omitted: "only the name is known",
    written_by: [],
    call_id: null,
  };
}
