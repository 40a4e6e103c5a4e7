import type { Index, ItemId, Kind, Ms, ReportData } from "../data.js";
import { parseItemId } from "../data.js";
import { isUnclaimed } from "../unclaimed.js";
import { countOf } from "./address.js";

/** What the page knows of any item, whatever its kind: for filters, search, links and the timeline. */
export interface ItemKind {
  /** One of them in words: `process`. */
  one: string;
  many: string;
  /** One line that tells it from others, not cut. */
  title(data: ReportData, index: Index): string;
  /** Everything that a search looks through, beside the title. */
  more(data: ReportData, index: Index): string;
  /** When it was; null where that is not known. */
  span(data: ReportData, index: Index): readonly [Ms, Ms] | null;
  /** The call that caused it, or that it is. */
  call(data: ReportData, index: Index): Index | null;
  /** Whether it was observed, and no call claims it. */
  unclaimed(data: ReportData, index: Index): boolean;
}

const never = () => false;

const text = (data: ReportData, at: number | null | undefined) =>
  at == null ? "" : (data.strings[at] ?? "");

/** The command line of a process. */
export function commandOf(data: ReportData, index: Index): string {
  return text(data, data.processes?.command[index]);
}

export const ITEMS: Record<Kind, ItemKind> = {
  call: {
    one: "tool call",
    many: "tool calls",
    title: ({ calls }, at) => `#${at + 1} ${calls[at]?.tool ?? ""} ${calls[at]?.head ?? ""}`,
    more: ({ calls }, at) => `${calls[at]?.id ?? ""} ${calls[at]?.status ?? ""}`,
    span: ({ calls, span }, at) => {
      const { start = null, end = null } = calls[at] ?? {};
      return start === null ? null : [start, end ?? span[1]];
    },
    call: (_data, at) => at,
    unclaimed: ({ calls }, at) => calls[at]?.unseen != null,
  },
  turn: {
    one: "model call",
    many: "model calls",
    title: ({ turns }, at) => {
      const { purpose = "turn", seq = at + 1, head = "" } = turns[at] ?? {};
      return `model call ${seq}${purpose === "turn" ? "" : ` (${purpose})`} ${head}`;
    },
    more: ({ turns }, at) => {
      const turn = turns[at];
      return [turn?.model, turn?.error, ...(turn?.tools.map(({ name }) => name) ?? [])].join(" ");
    },
    span: ({ turns }, at) => spanOf(turns[at]),
    call: () => null,
    unclaimed: never,
  },
  p: {
    one: "process",
    many: "processes",
    title: (data, at) => `${data.processes?.pid[at] ?? ""} ${commandOf(data, at)}`,
    more: (data, at) =>
      `${text(data, data.processes?.exe[at])} ${text(data, data.processes?.cwd[at])}`,
    span: ({ processes, span }, at) => {
      const start = processes?.start[at];
      return start === undefined ? null : [start, processes?.end[at] ?? span[1]];
    },
    call: ({ processes }, at) => processes?.call[at] ?? null,
    unclaimed: (data, at) => isUnclaimed(data, "p", at),
  },
  file: {
    one: "changed file",
    many: "changed files",
    title: ({ changes }, at) => changes?.[at]?.path ?? "",
    more: ({ changes }, at) => {
      const { change = "", kind = "", from = "", link = "" } = changes?.[at] ?? {};
      return `${change} ${kind} ${from} ${link}`;
    },
    span: ({ changes }, at) => {
      const { start = null, end = null } = changes?.[at] ?? {};
      return start === null ? null : [start, end ?? start];
    },
    call: ({ changes }, at) => changes?.[at]?.call ?? null,
    unclaimed: (data, at) => isUnclaimed(data, "file", at),
  },
  conn: {
    one: "connection",
    many: "connections",
    title: ({ connections }, at) => {
      const { protocol = "", host = "", verdict = "" } = connections?.[at] ?? {};
      return `${verdict} ${protocol} ${host}`;
    },
    more: ({ connections }, at) => {
      const { remote, local, reason, state, serverName, httpHost } = connections?.[at] ?? {};
      return [remote, local, reason, state, serverName, httpHost].join(" ");
    },
    span: ({ connections }, at) => spanOf(connections?.[at]),
    call: ({ connections }, at) => connections?.[at]?.call ?? null,
    unclaimed: (data, at) => isUnclaimed(data, "conn", at),
  },
  name: {
    one: "name asked for",
    many: "names asked for",
    title: ({ names }, at) => `${names?.[at]?.type ?? ""} ${names?.[at]?.name ?? ""}`,
    more: ({ names }, at) => names?.[at]?.answer ?? "",
    span: ({ names }, at) => {
      const asked = names?.[at]?.at;
      return asked === undefined ? null : [asked, asked];
    },
    call: ({ names }, at) => names?.[at]?.call ?? null,
    unclaimed: (data, at) => isUnclaimed(data, "name", at),
  },
  finding: {
    one: "finding",
    many: "findings",
    title: ({ findings }, at) => findings[at]?.title ?? "",
    more: ({ findings }, at) => {
      const { rule = "", severity = "", why = "", evidence = [] } = findings[at] ?? {};
      return [rule, severity, why, ...evidence.map((one) => one.text)].join(" ");
    },
    span: (data, at) => {
      const call = data.findings[at]?.call;
      if (call != null) return ITEMS.call.span(data, call);
      const items = (data.findings[at]?.evidence ?? []).flatMap(({ item }) => item ?? []);
      const spans = items.flatMap((id) => {
        const item = parseItemId(id);
        if (item === null || item.kind === "log" || item.kind === "finding") return [];
        return [ITEMS[item.kind].span(data, item.index) ?? []].filter((span) => span.length === 2);
      });
      if (spans.length === 0) return null;
      return [
        Math.min(...spans.map(([from = 0]) => from)),
        Math.max(...spans.map(([, to = 0]) => to)),
      ];
    },
    call: ({ findings }, at) => findings[at]?.call ?? null,
    unclaimed: ({ findings }, at) => findings[at]?.call === null,
  },
  canary: {
    one: "planted credential",
    many: "planted credentials",
    title: ({ canaries }, at) => canaries?.[at]?.where ?? "",
    more: ({ canaries }, at) => {
      const { id = "", sightings = [] } = canaries?.[at] ?? {};
      return [id, ...sightings.map(({ what, text }) => `${what} ${text}`)].join(" ");
    },
    span: ({ canaries }, at) => {
      const times = (canaries?.[at]?.sightings ?? []).flatMap(({ at: time }) => time ?? []);
      return times.length === 0 ? null : [Math.min(...times), Math.max(...times)];
    },
    call: ({ canaries }, at) => canaries?.[at]?.sightings[0]?.call ?? null,
    unclaimed: never,
  },
  event: {
    one: "native event",
    many: "native events",
    title: ({ events }, at) => `${events[at]?.type ?? ""} ${events[at]?.digest ?? ""}`,
    more: ({ events }, at) => `seq ${events[at]?.seq ?? ""}`,
    span: ({ events }, at) => {
      const time = events[at]?.at ?? null;
      return time === null ? null : [time, time];
    },
    call: ({ events }, at) => events[at]?.call ?? null,
    unclaimed: never,
  },
};

function spanOf(item: { start: Ms; end: Ms } | undefined): readonly [Ms, Ms] | null {
  return item === undefined ? null : [item.start, item.end];
}

/** When an item began; null where that is not known, and of a log. */
export function startOf(data: ReportData, id: ItemId): Ms | null {
  const item = parseItemId(id);
  if (item === null || item.kind === "log") return null;
  return ITEMS[item.kind].span(data, item.index)?.[0] ?? null;
}

/** An item in one line; a log by its name. */
export function titleOf(data: ReportData, id: ItemId): string {
  const item = parseItemId(id);
  if (item === null) return id;
  return item.kind === "log"
    ? id.slice("log-".length)
    : ITEMS[item.kind].title(data, item.index).trim();
}

const lowered = new WeakMap<ReportData, Partial<Record<Kind, string[]>>>();

/** What is searched of each item of a kind, in lower case; made once. */
export function searchable(data: ReportData, kind: Kind): string[] {
  const made = lowered.get(data) ?? {};
  lowered.set(data, made);
  made[kind] ??= Array.from({ length: countOf(data, kind) }, (_, at) =>
    `${ITEMS[kind].title(data, at)} ${ITEMS[kind].more(data, at)}`.toLowerCase(),
  );
  return made[kind];
}
