import { join } from "node:path";
import { attemptOf, parseAttempt } from "./attempts.js";
import { findFolder, foldersIn } from "./folder.js";
import { openGrowths } from "./growth.js";
import { openLooks } from "./looks.js";
import { readRow, stampOf } from "./read-row.js";
import { isLasting, rowMemory, type StampedRow } from "./remembered.js";
import type { Row } from "./row.js";
import { inSlices } from "./slices.js";
import { type Watching, watchCaptures } from "./watch.js";

/** How far the catalogue is. */
export interface Progress {
  /** Grows with each change. */
  version: number;
  /** How many folders of how many have been read since the last look at all of them. */
  done: number;
  total: number;
  /** Why changes are no longer told as they happen; null while they are. */
  problem: string | null;
}

/** The captures of one folder, kept in memory and up to date. */
export interface Catalogue extends AsyncDisposable {
  readonly folder: string;
  /** Whether there was none, and it was made. */
  readonly isNew: boolean;
  /** Resolves when the newest, as many as a screen holds, are in the list, or all. */
  readonly begun: Promise<void>;
  progress(): Progress;
  rows(): IterableIterator<Row>;
  /**
   * The row and the directory of an id that is in the list, or of an attempt of one that is; exactly,
   * and undefined for any other.
   */
  find(id: string): { row: Row; directory: string } | undefined;
  /** Looks at every folder again. */
  refresh(): Promise<void>;
  /** Looks at one again, now; at its capture for an attempt. */
  reread(id: string): Promise<void>;
  /**
   * Tells of ids whose rows changed or went, and of none when all have been looked at; the returned
   * function ends that. While nobody listens, running captures are looked at every few seconds only.
   */
  onChange(listener: (ids: readonly string[]) => void): () => void;
}

/** More rows than a screen holds. */
const A_SCREEN = 60;
const WATCH_STANDS_MS = 200;
const LOOKS_AT_ONCE = 8;
/** Names and open captures are looked at again so often, also without a word from the watch. */
const RECONCILE_MS = 5_000;
const RECONCILE_UNWATCHED_MS = 1_000;
/** So long after a run's end its summary is waited for. */
const SUMMARY_WITHIN_MS = 120_000;

/**
 * Opens the catalogue: the first look at all begins at once, and the newest captures come first.
 * Rows that are remembered in the file `memory` gives are in the list before their turn; each is
 * read again unless its directory is as it was. Throws UserError where the folder can be neither read
 * nor made.
 */
export async function openCatalogue(
  captures: string,
  {
    watch = watchCaptures,
    memory = () => null,
  }: { watch?: typeof watchCaptures; memory?: (folder: string) => string | null } = {},
): Promise<Catalogue> {
  const { folder, isNew } = await findFolder(captures);
  const remembered = rowMemory(memory(folder), folder);
  const growths = openGrowths(folder);
  const rows = new Map<string, StampedRow>();
  const listeners = new Set<(ids: readonly string[]) => void>();
  const closing = new AbortController();
  const begun = signalled();
  let [version, done, total] = [0, 0, 0];
  /** The version that is remembered; null until what is was asked. */
  let kept: number | null = null;
  let watchProblem: string | null = null;
  let watching: Watching | null = null;
  let refreshing: Promise<void> | null = null;

  const isRunning = (id: string) => rows.get(id)?.row.state === "running";
  const tell = (ids: readonly string[]) => {
    for (const listener of listeners) listener(ids);
  };
  const forget = (id: string) => {
    growths.forget(id);
    looks.forget(id);
    watching?.follow(id, false);
    if (!rows.delete(id)) return;
    version += 1;
    tell([id]);
  };
  const looks = openLooks(async (id) => {
    const read = await readRow(folder, id);
    if (closing.signal.aborted) return false;
    if (read === null) {
      forget(id);
      return false;
    }
    const { row } = read;
    const running = row.state === "running";
    if (running) {
      const { growth, more } = await growths.look(id);
      row.growth = growth;
      if (more) looks.changed(id);
    } else growths.forget(id);
    const begins = watching?.follow(id, running || awaitsSummary(row));
    const before = rows.get(id)?.row;
    rows.set(id, read);
    if (JSON.stringify(before) !== JSON.stringify(row)) {
      version += 1;
      tell([id]);
    }
    // What was written before the watch stood is told by nothing.
    if (begins) looks.soon(id, WATCH_STANDS_MS);
    return running;
  });
  /** What is remembered of folders that are there is shown until each has had its turn. */
  const recall = async (names: ReadonlySet<string>) => {
    for (const [id, row] of await remembered.recall())
      if (names.has(id) && !rows.has(id)) rows.set(id, row);
    version += 1;
    kept = version;
  };
  const keep = async () => {
    if (kept === null || kept === version) return;
    kept = version;
    await remembered.keep(rows.values());
  };
  /** Those that are gone are out of the list, and the names of the others. */
  const namesNow = async () => {
    const names = await foldersIn(folder);
    if (names === null) return new Set(rows.keys());
    for (const id of [...rows.keys()]) if (!names.has(id)) forget(id);
    return names;
  };
  const refreshAll = async () => {
    const names = await namesNow();
    [done, total] = [0, names.size];
    if (kept === null) await recall(names);
    const newestFirst = [...names].sort().reverse();
    await inSlices(newestFirst, LOOKS_AT_ONCE, closing.signal, (id) => {
      done += 1;
      if (rows.size >= A_SCREEN) begun.tell();
      const known = rows.get(id);
      const lasts = known !== undefined && isLasting(known.row);
      if (!lasts || known.stamp !== stampOf(`${folder}/${id}`)) return looks.now(id);
    });
    begun.tell();
    if (!closing.signal.aborted) await keep();
  };
  const refresh = () => {
    refreshing ??= refreshAll().finally(() => {
      refreshing = null;
      tell([]);
    });
    return refreshing;
  };
  /** Names that came and went, and captures that are open: cheap, also with thousands. */
  const reconcile = async () => {
    if (refreshing !== null) return;
    for (const id of await namesNow()) if (isRunning(id) || !rows.has(id)) looks.soon(id);
  };
  let reconciling: NodeJS.Timeout | undefined;
  const reconcileLater = () => {
    clearTimeout(reconciling);
    const every = watchProblem === null ? RECONCILE_MS : RECONCILE_UNWATCHED_MS;
    reconciling = setTimeout(async () => {
      await reconcile();
      if (!closing.signal.aborted) reconcileLater();
    }, every);
  };
  watching = watch(folder, {
    changed(id) {
      const waits = listeners.size === 0 && isRunning(id);
      if (!id.startsWith(".") && !waits) looks.changed(id);
    },
    failed: (why) => {
      watchProblem = why;
      reconcileLater();
      // What was missed meanwhile is found by looking at all.
      void refresh();
    },
  });
  reconcileLater();
  void refresh();
  return {
    ...{ folder, isNew },
    begun: begun.told,
    progress: () => ({ version, done, total, problem: watchProblem }),
    *rows() {
      for (const { row } of rows.values()) yield row;
    },
    find(id) {
      const known = rows.get(id)?.row;
      if (known !== undefined) return { row: known, directory: join(folder, id) };
      const attempts = rows.get(parseAttempt(id)?.capture ?? "")?.row.attempts ?? [];
      const attempt = attemptOf(attempts, id);
      return attempt && { row: { ...attempt, attempts: [] }, directory: join(folder, id) };
    },
    refresh,
    reread: looks.now,
    onChange(listener) {
      if (listeners.size === 0) for (const id of rows.keys()) if (isRunning(id)) looks.soon(id);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      clearTimeout(reconciling);
      looks.close();
      await watching?.close();
      await refreshing;
      await keep();
    },
  };
}

/** Something that is waited for, and is told once. */
function signalled(): { told: Promise<void>; tell(): void } {
  let tell = () => {};
  const told = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return { told, tell };
}

function awaitsSummary(row: Row): boolean {
  if (row.state !== "sealed" || row.findings !== null || row.started === null) return false;
  const ended = Date.parse(row.started) + (row.duration_ms ?? 0);
  return Date.now() - ended < SUMMARY_WITHIN_MS;
}
