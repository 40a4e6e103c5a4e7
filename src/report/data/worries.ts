import type { Severity } from "../../record/finding.js";
import type { Connection } from "../../record/network.js";
import type { Summary } from "../../record/summary.js";
import type { Material } from "../../summary/read.js";
import { comparedOf } from "../compare.js";
import { count, plural } from "../format.js";
import { type Joined, relationsOf } from "../relations.js";
import { roleOf } from "../unclaimed.js";
import type { Tone } from "./items.js";
import { itemId } from "./items.js";
import type { ProcessColumns } from "./processes.js";

/** What a reader should look at first, the gravest first, each with where the page tells of it. */
export interface Worry {
  tone: Tone;
  text: string;
  detail: string | null;
  href: string;
}

/** Connections that lead out of the room and were let through. */
export function escapes({ network }: Material): Connection[] {
  return (network?.connections ?? []).filter(
    ({ purpose, verdict }) => purpose === "outside" && verdict === "allowed",
  );
}

/** Rules that found something, in the head; every finding is in its pane. */
const MAX_RULES = 12;

const GRAVITY: Record<Tone, number> = { bad: 0, warn: 1, quiet: 2, good: 3 };

const TONES: Record<Severity, Tone> = {
  ...{ critical: "bad", high: "bad", medium: "warn", low: "quiet", informational: "quiet" },
};

/** What a reader should look at first, the gravest first, each with where the page tells of it. */
export function worries(material: Material, summary: Summary, rows: Joined): Worry[] {
  const { timeline } = summary;
  const found: Worry[] = [];
  const add = (tone: Tone, href: string, text: string, detail: string | null = null) =>
    found.push({ tone, href, text, detail });
  found.push(...findingWorries(summary));
  // Of a run that goes on nothing is sealed yet.
  const ended = summary.run_status !== null;
  if (ended && !summary.capture_valid)
    add(
      "bad",
      "#run",
      "This capture is not valid.",
      summary.capture_problems.slice(0, 3).join("; "),
    );
  const earlier = summary.attempts ?? [];
  if (earlier.length > 0)
    add(
      "warn",
      "#run",
      `${plural(earlier.length, "earlier attempt")} with another model failed.`,
      names(earlier.map(({ model }) => model)),
    );
  const connections = material.network?.connections ?? [];
  const outside = connections.filter(
    ({ purpose, verdict }) => purpose === "outside" || verdict === "refused",
  );
  const escaped = escapes(material);
  if (escaped.length > 0)
    add(
      "bad",
      "#network",
      `${plural(escaped.length, "connection")} left the room.`,
      remotes(escaped),
    );
  if (summary.counts.attempts_refused > 0) {
    const text = `${plural(summary.counts.attempts_refused, "attempt")} to leave the room failed.`;
    add("bad", "#network", text, remotes(outside.filter(({ verdict }) => verdict !== "allowed")));
  }
  const alive = (material.processes?.processes ?? []).filter(
    ({ role, ended_at }) => role === "descendant" && ended_at === null,
  );
  if (alive.length > 0 && summary.run_status === "succeeded")
    add(
      "bad",
      "#processes",
      `${plural(alive.length, "process", "processes")} outlived the agent.`,
      names(alive.map(({ argv }) => argv.join(" "))),
    );
  const secret = timeline.filter(({ source }) => source === "model");
  if (secret.length > 0 && summary.counts.native_events > 0)
    add(
      "warn",
      "#conversation",
      `${plural(secret.length, "call")} asked for by the model and never reported by the agent.`,
      names(secret.map(({ tool }) => tool)),
    );
  found.push(...brokenClaims(rows));
  const { unclaimed } = relationsOf(rows);
  if (unclaimed.p.length > 0)
    add(
      "warn",
      "#unclaimed",
      `${plural(unclaimed.p.length, "process", "processes")} that no tool call claims.`,
      names(unclaimed.p.map((at) => material.processes?.processes[at]?.argv.join(" ") ?? "")),
    );
  if (unclaimed.conn.length + unclaimed.name.length > 0)
    add(
      "warn",
      "#unclaimed",
      `${plural(unclaimed.conn.length + unclaimed.name.length, "connection or name", "connections and names")} that no tool call claims.`,
      names([
        ...unclaimed.conn.map((at) => rows.connections?.[at]?.host ?? ""),
        ...unclaimed.name.map((at) => rows.names?.[at]?.name ?? ""),
      ]),
    );
  if (unclaimed.file.length > 0) {
    const loose = unclaimed.file.flatMap((at) => rows.changes?.[at] ?? []);
    const away = loose.filter(({ area }) => area === "system").length;
    const byAgent = loose.filter(({ writers }) => isOfAgentAlone(rows.processes, writers)).length;
    const calm = byAgent === loose.length && away === loose.length;
    add(
      calm ? "quiet" : "warn",
      "#unclaimed",
      `${plural(loose.length, "change")} that no tool call claims, ${count(away)} outside the workspace.`,
      byAgent > 0 ? `${count(byAgent)} written by the agent's own process` : null,
    );
  }
  if (summary.unobserved.length > 0)
    add(
      "warn",
      "#unclaimed",
      `${plural(summary.unobserved.length, "command")} claimed, of which no process was seen.`,
    );
  const denied = timeline.filter(({ status }) => status === "denied");
  if (denied.length > 0)
    add(
      "warn",
      "#conversation",
      `${plural(denied.length, "call")} denied.`,
      names(denied.map(({ tool }) => tool)),
    );
  if (ended && summary.problems.length > 0)
    add(
      "warn",
      "#run",
      `${plural(summary.problems.length, "part")} of the run directory missing, cut or unreadable.`,
      summary.problems[0] ?? null,
    );
  return found.sort((a, b) => GRAVITY[a.tone] - GRAVITY[b.tone]);
}

/** The calls of which something else was claimed than was observed. */
function brokenClaims(rows: Joined): Worry[] {
  const broken = rows.calls.flatMap(({ unseen }, at) => {
    // Of these the unseen process is told by itself.
    if (unseen !== null) return [];
    const lines = comparedOf(rows, at).filter(({ differ }) => differ);
    return lines.map(({ observed }) => ({ at, text: `#${at + 1} ${observed}` }));
  });
  const calls = new Set(broken.map(({ at }) => at));
  const [first] = calls;
  if (first === undefined) return [];
  return [
    {
      tone: "warn",
      href: `#${itemId("call", first)}`,
      text: `${plural(calls.size, "call")} did otherwise than was claimed.`,
      detail: names(broken.map(({ text }) => text)),
    },
  ];
}

/** The findings, those of one rule together, the gravest first. */
function findingWorries({ findings, timeline }: Summary): Worry[] {
  const rules = new Map<string, [number, ...number[]]>();
  for (const [index, { rule }] of findings.entries()) {
    const same = rules.get(rule);
    if (same === undefined) rules.set(rule, [index]);
    else same.push(index);
  }
  const numbers = new Map(timeline.map(({ call_id }, at) => [call_id, at + 1]));
  return [...rules].slice(0, MAX_RULES).flatMap(([rule, [first, ...more]]) => {
    const finding = findings[first];
    if (finding === undefined) return [];
    const calls = [first, ...more].flatMap(
      (at) => numbers.get(findings[at]?.call_id ?? null) ?? [],
    );
    const told = calls.slice(0, 6).map((number) => `#${number}`);
    if (calls.length > told.length) told.push("…");
    const where =
      calls.length === 0 ? "" : ` · ${calls.length === 1 ? "call" : "calls"} ${told.join(", ")}`;
    const text = `${finding.title}${more.length > 0 ? ` (${count(more.length + 1)} times)` : ""}.`;
    const detail = `${finding.severity} · ${rule}${where}`;
    return { tone: TONES[finding.severity], href: `#${itemId("finding", first)}`, text, detail };
  });
}

/** Whether a file was written by the agent's own process, and by no program that it started. */
function isOfAgentAlone(processes: ProcessColumns | null, writers: readonly number[]): boolean {
  return writers.length > 0 && writers.every((at) => roleOf({ processes }, at) === "agent");
}

function remotes(connections: readonly Connection[]): string {
  return names(connections.map((one) => one.remote_name ?? one.remote ?? "unknown"));
}

function names(all: readonly string[]): string {
  const each = [...new Set(all)];
  const shown = each
    .slice(0, 4)
    .map((name) => (name.length > 100 ? `${name.slice(0, 100)}…` : name));
  return each.length > shown.length
    ? `${shown.join(", ")} and ${each.length - shown.length} more`
    : shown.join(", ");
}
