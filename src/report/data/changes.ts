import type { FileChange } from "../../record/files.js";
import { countLines } from "../../record/patch.js";
import type { CallChange, Summary } from "../../record/summary.js";
import type { Material } from "../../summary/read.js";
import { shortened } from "../visible.js";
import type { CallRow } from "./calls.js";
import type { Index, Ms } from "./items.js";
import { leadsToAnother } from "./leading.js";
import type { ProcessColumns } from "./processes.js";
import { changesOf, type References } from "./references.js";

/** One changed file, without its patch and hashes: those are in `ChangeText`. */
export interface ChangeRow {
  area: CallChange["area"];
  path: string;
  change: FileChange["change"];
  kind: FileChange["kind"];
  from?: string;
  kindBefore?: FileChange["kind"];
  before: { size: number | null; mode: string | null } | null;
  after: { size: number | null; mode: string | null } | null;
  allocatedBytes?: number;
  link?: string;
  linkBefore?: string;
  binary?: true;
  /** A folder that only leads to another change. */
  leads?: true;
  /** Claimed by no call, and where the agent keeps its own state: a hint, and no proof. */
  agentState?: true;
  transient?: true;
  /** The name is no UTF-8; these are its bytes in base64. */
  pathBytes?: string;
  /** Lines that the patch adds and removes; absent where there is no patch. */
  lines?: [number, number];
  writers: Index[];
  /** The call that the observers tied it to, else the first that claims it. */
  call: Index | null;
  /** The earliest start and the latest end of its writers or its call: when it was made. */
  start: Ms | null;
  end: Ms | null;
}

const PATH_LIMIT = 600;
const MAX_WRITERS = 40;
const NONE: ReadonlySet<string> = new Set();

/** The changed files, the workspace's first, without their patches; null where none were recorded. */
export function changeRows(
  material: Material,
  summary: Summary,
  refs: References,
  calls: readonly CallRow[],
  processes: ProcessColumns | null,
): ChangeRow[] | null {
  if (material.files === null) return null;
  const claimed = claims(summary);
  const ownState = new Set(
    summary.unattributed.changes
      .filter(({ agent_state }) => agent_state)
      .map(({ area, path }) => `${area} ${path}`),
  );
  const changes = changesOf(material);
  const hasFolders = changes.some(({ change }) => change.kind === "dir");
  const leading = hasFolders ? leadsToAnother(changes.map(({ change }) => change.path)) : NONE;
  return changes.map(({ area, change }): ChangeRow => {
    const place = `${area} ${change.path}`;
    const call = refs.call(change.call_id) ?? claimed.get(place) ?? null;
    const writers = change.written_by.flatMap((key) => refs.process(key) ?? []);
    const { start, end } = when(calls[call ?? -1], writers, processes);
    return {
      area,
      path: path(change.path),
      change: change.change,
      kind: change.kind,
      before: side(change.before),
      after: side(change.after),
      writers: writers.slice(0, MAX_WRITERS),
      call,
      start,
      end,
      ...seldom(change),
      ...(change.patch === undefined ? {} : { lines: linesOf(change.patch) }),
      ...(change.kind === "dir" && leading.has(change.path) ? { leads: true } : {}),
      ...(ownState.has(place) ? { agentState: true } : {}),
    };
  });
}

/** What few changes have. */
function seldom(change: FileChange): Partial<ChangeRow> {
  const { from, kind_before, allocated_bytes, link_target, link_target_before } = change;
  return {
    ...(from === undefined ? {} : { from: path(from) }),
    ...(kind_before === undefined ? {} : { kindBefore: kind_before }),
    ...(allocated_bytes === undefined ? {} : { allocatedBytes: allocated_bytes }),
    ...(link_target === undefined ? {} : { link: path(link_target) }),
    ...(link_target_before === undefined ? {} : { linkBefore: path(link_target_before) }),
    ...(change.binary ? { binary: true } : {}),
    ...(change.transient ? { transient: true } : {}),
    ...(change.path_bytes === undefined ? {} : { pathBytes: path(change.path_bytes) }),
  };
}

/** The first call that claims each change. */
function claims(summary: Summary): Map<string, Index> {
  const claimed = new Map<string, Index>();
  summary.timeline.forEach(({ changes }, index) => {
    for (const { area, path } of changes)
      if (!claimed.has(`${area} ${path}`)) claimed.set(`${area} ${path}`, index);
  });
  return claimed;
}

/**
 * While its writers lived; else while the call that made it ran. The record has no time of a change
 * itself. The agent's own process and the supervisor's live as long as the run, which says nothing.
 */
function when(
  call: CallRow | undefined,
  writers: readonly Index[],
  processes: ProcessColumns | null,
): Pick<ChangeRow, "start" | "end"> {
  const whole = new Set(processes?.roles.map(([at]) => at));
  let [start, end]: [number | null, number | null] = [null, null];
  for (const writer of writers) {
    if (whole.has(writer)) continue;
    const from = processes?.start[writer] ?? null;
    const to = processes?.end[writer] ?? null;
    if (from !== null) start = Math.min(start ?? from, from);
    if (to !== null) end = Math.max(end ?? to, to);
  }
  if (start === null && call !== undefined) return { start: call.start, end: call.end };
  return { start, end };
}

function linesOf(patch: string): [number, number] {
  const { added, removed } = countLines(patch);
  return [added, removed];
}

function side(side: FileChange["before"]): ChangeRow["before"] {
  return side === null ? null : { size: side.size_bytes, mode: side.mode };
}

function path(text: string): string {
  // Where the rest is must not be named by a path: the page splits this one at its slashes.
  return shortened(text, PATH_LIMIT, "the record");
}
