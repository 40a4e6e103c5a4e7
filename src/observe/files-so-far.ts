import type { FileChange } from "../record/files.js";
import type { Baseline } from "./files-baseline.js";
import { type Candidate, shownPath } from "./files-change.js";
import { liveList, ONLY_NAMES, TOO_LONG } from "./files-listed.js";
import { compareSystem } from "./files-system.js";
import { type SystemRequest, type SystemView, systemView } from "./files-view.js";
import { compareTree } from "./files-workspace.js";
import type { Facts } from "./tree-facts.js";

/** What became of paths while a run goes on, without contents, the latest last. */
export interface ChangesSoFar {
  workspace: FileChange[];
  system: FileChange[];
  /** How many more there are. */
  omitted: number;
  /** What this may have missed, a sentence each. */
  blind_spots: readonly string[];
}

/** Disposing it ends the looking. */
export interface ChangesWatch extends AsyncDisposable {
  soFar(): ChangesSoFar;
}

/** What is looked at again and again while the room lives. */
export interface ChangesRequest extends SystemRequest {
  /** The copy, and as it was just before the agent started; null where the room has files of its own. */
  readonly workspace: { readonly root: string; readonly baseline: Baseline } | null;
  /** So many of the workspace and so many of the rest are held, the latest. */
  readonly newest: number;
}

const EVERY_MS = 100;
/** So many times longer than a look takes is waited before the next: at most 3 % of the time. */
const REST = 30;
const BLIND = {
  between:
    "what was made and removed again between two looks is not told, nor who changed anything",
  memory: "in memory (/dev/shm) changes are told when the run has ended",
  workspace:
    "the engine does not reach this host's files: changes in the workspace are told when the run has ended",
};

/**
 * Compares the workspace with its baseline, and the room's writable layer with the image, again and
 * again, by the facts of the entries alone, for those who look on where no kernel sensor tells of
 * files: a file that was written again with the same bytes is told, too. Where this host cannot read
 * the layer, the engine is asked for the names. Nothing is followed through the living room's own
 * tree, which it could change under the look. Never throws.
 */
export function watchChanges(request: ChangesRequest): ChangesWatch {
  const { workspace, newest } = request;
  const closing = new AbortController();
  // The room's own view of its tree, and with it what is in memory, is for when it is frozen.
  const seen = systemView(request);
  const places = workspace === null ? [] : seen.places;
  const view: SystemView = { ...seen, places, merged: null, memory: [] };
  const blind = [BLIND.between, BLIND.memory, ...(workspace === null ? [BLIND.workspace] : [])];
  const list = liveList(view, closing.signal);
  let told: ChangesSoFar = { workspace: [], system: [], omitted: 0, blind_spots: blind };
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    const inside = await lookInside(workspace, newest, closing.signal);
    const outside = await lookOutside(view, list, newest, closing.signal);
    told = {
      ...{ workspace: inside.changes, system: outside.changes },
      omitted: inside.omitted + outside.omitted,
      blind_spots: [...blind, ...outside.blind_spots],
    };
  };
  const again = async () => {
    const began = performance.now();
    // A look that failed is one that tells nothing new: the diff at the end is the observation.
    await look().catch(() => {});
    const rest = Math.max(EVERY_MS, REST * (performance.now() - began));
    if (!closing.signal.aborted) timer = setTimeout(begin, rest);
  };
  let looking: Promise<void>;
  const begin = () => {
    looking = again();
  };
  begin();
  return {
    soFar: () => told,
    async [Symbol.asyncDispose]() {
      closing.abort();
      clearTimeout(timer);
      await looking;
    },
  };
}

/** The latest changes of one part of the room, and how many more there are. */
interface Latest {
  changes: FileChange[];
  omitted: number;
}

async function lookInside(
  workspace: ChangesRequest["workspace"],
  newest: number,
  signal: AbortSignal,
): Promise<Latest> {
  const latest = holdLatest(newest);
  if (workspace !== null)
    await compareTree({ ...workspace, original: null, shownBelow: "" }, latest, () => {}, signal);
  return latest.held();
}

async function lookOutside(
  view: SystemView,
  list: ReturnType<typeof liveList>,
  newest: number,
  signal: AbortSignal,
): Promise<Latest & { blind_spots: string[] }> {
  const latest = holdLatest(newest);
  // A file that was only opened for writing has a copy in the layer, the same in everything.
  const add = (candidate: Candidate) => {
    if (!isSame(candidate)) latest.add(candidate);
  };
  const read = await compareSystem(view, { add }, () => {}, signal);
  const { changes, omitted } = latest.held();
  if (read) return { changes, omitted, blind_spots: [] };
  const listed = await list();
  if (listed === null) return { changes, omitted, blind_spots: [TOO_LONG] };
  const all = [...listed, ...changes];
  return {
    changes: all.slice(-newest),
    omitted: omitted + Math.max(0, all.length - newest),
    blind_spots: [ONLY_NAMES],
  };
}

/** Of paths and links' targets so much is held: more than is told of them. */
const MAX_HELD_BYTES = 1024 * 1024;
/** So many times more is gathered before the latest are sorted out. */
const GATHERED = 8;

/** Holds the candidates that changed last, and counts the others: a run may leave millions. */
function holdLatest(newest: number) {
  let found: { at: bigint; candidate: Candidate }[] = [];
  let bytes = 0;
  let omitted = 0;
  const cut = () => {
    found.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    bytes = 0;
    const past = found.findLastIndex(({ candidate }, n) => {
      const more = bytesOf(candidate);
      if (found.length - n > newest || bytes + more > MAX_HELD_BYTES) return true;
      bytes += more;
      return false;
    });
    omitted += past + 1;
    found = found.slice(past + 1);
  };
  return {
    add(candidate: Candidate) {
      if (!isChange(candidate)) return;
      found.push({ at: timeOf(candidate), candidate });
      bytes += bytesOf(candidate);
      if (found.length > GATHERED * newest || bytes > GATHERED * MAX_HELD_BYTES) cut();
    },
    held(): Latest {
      cut();
      return { changes: found.map(({ candidate }) => changeOf(candidate)), omitted };
    },
  };
}

function bytesOf({ path, after }: Candidate): number {
  return path.length + (after?.facts.link?.length ?? 0);
}

function isSame({ before, after }: Candidate): boolean {
  const same = (fact: keyof Facts) => before?.facts[fact] === after?.facts[fact];
  return ["kind", "mode", "size", "mtimeNs"].every((fact) => same(fact as keyof Facts));
}

/** A folder's times and size change with what is in it. */
function isChange({ before, after }: Candidate): boolean {
  if (before === null || after === null) return true;
  const [old, now] = [before.facts, after.facts];
  return now.kind !== "dir" || old.kind !== now.kind || old.mode !== now.mode;
}

/** When it was changed, by its own times; what is gone has none and counts as older. */
function timeOf({ after }: Candidate): bigint {
  return after?.facts.ctimeNs ?? 0n;
}

function changeOf({ path, before, after }: Candidate): FileChange {
  const [old, now] = [before?.facts, after?.facts];
  return {
    ...shownPath(path),
    change:
      old === undefined
        ? "added"
        : now === undefined
          ? "deleted"
          : old.kind !== now.kind
            ? "type_changed"
            : "modified",
    kind: (now ?? old)?.kind ?? "unknown",
    ...(old !== undefined && now !== undefined && old.kind !== now.kind
      ? { kind_before: old.kind }
      : {}),
    ...{ before: null, after: null, written_by: [], call_id: null },
  };
}
