import type { FileChange, FileKind, FsDiff } from "../record/files.js";
import { shownPath } from "./files-change.js";
import type { ChangesSoFar } from "./files-so-far.js";
import { type KernelFrame, Kind, keyOf } from "./kernel-frames.js";
import type { Owners } from "./kernel-network.js";
import type { RoomPaths } from "./kernel-paths.js";
import type { BytePath } from "./tree-cursor.js";

/** What the sensor's frames say of the room's files. */
export interface KernelFiles {
  take(frame: KernelFrame): void;
  /** Names who wrote what in a finished diff, and adds what was made and deleted again. */
  join(diff: FsDiff, workspace: string): FsDiff;
  soFar(workspace: string, newest: number): ChangesSoFar;
  /** What could not be held or placed. */
  lost(): { unplaced: number; omitted: number };
}

interface Trace {
  writers: Set<string>;
  /** Those of them whose work is in its last state: what was truncated or replaced is gone. */
  last: Set<string>;
  kind: FileKind;
  /** Made in the run, when nothing stood there. */
  made: boolean;
  gone: boolean;
  /** Gone by a rename: its contents go on under another name. */
  away: boolean;
  /** Who renamed it, to here or away; what is in a folder went along. */
  movers: Set<string>;
  /** Where it was before, if it came by a rename. */
  from: BytePath | null;
}

const MAX_TRACES = 100_000;
const MAX_WRITERS = 32;
const MAX_RENAMING = 10_000;
const MAX_TRANSIENT = 2_000;
const MAKING: Record<number, FileKind> = { 1: "dir", 2: "unknown", 3: "symlink", 4: "file" };
/** A folder that was moved on and on is followed so far back. */
const MAX_MOVES = 8;
const NOBODY = { writers: new Set<string>(), last: new Set<string>() };
const O_TRUNC = 0o1000n;
/** File systems of the kernel's own: writing there leaves no file. */
const NOT_FILES = /^\/(proc|sys|dev)(\/(?!shm\/)|$)/;

export function kernelFiles(paths: RoomPaths, owners: Owners): KernelFiles {
  const traces = new Map<BytePath, Trace>();
  /** A rename's old path, until its new one comes, by thread. */
  const renaming = new Map<string, (Trace & { path: BytePath }) | null>();
  let unplaced = 0;
  let omitted = 0;

  const trace = (path: BytePath, process: string, kind: FileKind): Trace | null => {
    let found = traces.get(path);
    if (found === undefined) {
      if (traces.size >= MAX_TRACES) {
        omitted += 1;
        return null;
      }
      found = {
        writers: new Set(),
        last: new Set(),
        kind,
        made: false,
        gone: false,
        away: false,
        movers: new Set(),
        from: null,
      };
      traces.set(path, found);
    }
    for (const set of [found.writers, found.last]) if (set.size < MAX_WRITERS) set.add(process);
    return found;
  };

  const touch = (frame: KernelFrame, process: string, path: BytePath) => {
    const kind = frame.kind === Kind.make ? (MAKING[Number(frame.a)] ?? "unknown") : "file";
    const found = trace(path, process, kind);
    if (found === null) return;
    const makes = frame.kind === Kind.make || (frame.kind === Kind.open && frame.b === 1n);
    if (makes) {
      // What stood there before the run and was deleted is the diff's to tell.
      found.made ||= !found.gone;
      found.kind = kind;
      found.away = false;
      found.from = null;
      found.movers = new Set();
    }
    found.gone = frame.kind === Kind.remove;
    const truncates = frame.kind === Kind.open && (frame.a & O_TRUNC) !== 0n;
    if (makes || truncates || found.gone) found.last = new Set([process]);
  };
  const leave = (process: string, thread: string, path: BytePath) => {
    const from = trace(path, process, "unknown");
    if (renaming.size >= MAX_RENAMING) renaming.clear();
    renaming.set(
      thread,
      from === null
        ? null
        : { ...from, path, writers: new Set(from.writers), last: new Set(from.last) },
    );
    if (from === null) return;
    from.last = new Set([process]);
    from.gone = true;
    from.away = true;
    from.movers = new Set([process]);
  };
  const arrive = (process: string, thread: string, path: BytePath) => {
    const from = renaming.get(thread) ?? null;
    renaming.delete(thread);
    const to = trace(path, process, from?.kind ?? "unknown");
    if (to === null) return;
    for (const writer of from?.writers ?? []) {
      if (to.writers.size < MAX_WRITERS) to.writers.add(writer);
    }
    to.made ||= (from?.made ?? false) && !to.gone;
    to.last = new Set([...(from?.last ?? []), process]);
    to.gone = false;
    to.away = false;
    to.movers = new Set([process]);
    to.from = from?.path ?? null;
  };

  /** Who wrote a path, and who moved the folder that it came or went with. */
  const writersOf = (path: BytePath, depth = 0): Pick<Trace, "writers" | "last"> => {
    const own = traces.get(path);
    if (own !== undefined) return own;
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      const folder = traces.get(path.slice(0, end));
      if (folder === undefined || folder.movers.size === 0) continue;
      const before =
        folder.from === null || depth >= MAX_MOVES
          ? NOBODY
          : writersOf(`${folder.from}${path.slice(end)}`, depth + 1);
      return {
        writers: new Set([...folder.movers, ...before.writers]),
        last: new Set([...folder.movers, ...before.last]),
      };
    }
    return NOBODY;
  };
  const join = (change: FileChange, path: BytePath): FileChange => {
    const { writers, last } = writersOf(path);
    return { ...change, written_by: [...writers], call_id: callOf(last, owners) };
  };

  return {
    take(frame) {
      const process = keyOf(frame.pid, frame.start);
      if (!owners.isRooms(process)) return;
      const path = paths.resolve(frame);
      if (path === null) unplaced += 1;
      const thread = `${process} ${frame.a}`;
      if (frame.kind === Kind.renameTo && path === null) renaming.delete(thread);
      if (path === null || NOT_FILES.test(path)) return;
      if (frame.kind === Kind.renameFrom) leave(process, thread, path);
      else if (frame.kind === Kind.renameTo) arrive(process, thread, path);
      else touch(frame, process, path);
    },
    join(diff, workspace) {
      const inside = `${workspace}/`;
      const listed = new Set<BytePath>();
      const name = (prefix: string) => (change: FileChange) => {
        const path = `${prefix}${bytesOf(change)}`.replace(/\/+$/, "");
        listed.add(path);
        return join(change, path);
      };
      const joined = {
        workspace: diff.workspace.map(name(inside)),
        system: diff.system.map(name("")),
      };
      let transients = 0;
      for (const [path, { made, gone, away, kind, writers }] of traces) {
        if (!made || !gone || away || listed.has(path)) continue;
        transients += 1;
        if (transients > MAX_TRANSIENT) continue;
        const own = path.startsWith(inside);
        (own ? joined.workspace : joined.system).push({
          ...shownPath(own ? path.slice(inside.length) : path),
          change: "deleted",
          transient: true,
          kind,
          before: null,
          after: null,
          written_by: [...writers],
          call_id: callOf(writers, owners),
        });
      }
      const cut = Math.max(0, transients - MAX_TRANSIENT);
      const totals = { ...diff.totals, omitted: diff.totals.omitted + cut };
      return { ...diff, ...joined, totals };
    },
    soFar(workspace, newest) {
      const inside = `${workspace}/`;
      const told = { workspace: [] as FileChange[], system: [] as FileChange[] };
      let older = Math.max(0, traces.size - newest);
      const omitted = older;
      for (const [path, { made, gone, kind }] of traces) {
        if (older-- > 0) continue;
        const own = path.startsWith(inside);
        const change = gone ? "deleted" : made ? "added" : "modified";
        told[own ? "workspace" : "system"].push({
          ...shownPath(own ? path.slice(inside.length) : path),
          ...{ change, kind, before: null, after: null },
          ...(made && gone ? { transient: true } : {}),
          written_by: [...writersOf(path).writers],
          call_id: callOf(writersOf(path).last, owners),
        });
      }
      return { ...told, omitted, blind_spots: [] };
    },
    lost: () => ({ unplaced, omitted }),
  };
}

/** The call of all of them, where it is one and the same. */
function callOf(processes: ReadonlySet<string>, owners: Owners): string | null {
  const calls = new Set([...processes].map((process) => owners.callOf(process)));
  const [call = null] = calls;
  return calls.size === 1 && processes.size < MAX_WRITERS ? call : null;
}

function bytesOf({ path, path_bytes }: FileChange): BytePath {
  const bytes = path_bytes === undefined ? Buffer.from(path) : Buffer.from(path_bytes, "base64");
  return bytes.toString("latin1");
}
