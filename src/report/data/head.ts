import { RunFile } from "../../record/directory.js";
import { Severity } from "../../record/finding.js";
import type { CoverageWords, Summary } from "../../record/summary.js";
import type { Material } from "../../summary/read.js";
import { clock, count, duration, plural } from "../format.js";
import { type Joined, type Relations, relationsOf } from "../relations.js";
import type { Claimable } from "../unclaimed.js";
import { shortened } from "../visible.js";
import type { Tone } from "./items.js";
import { escapes, type Worry, worries } from "./worries.js";

/** The head of the page, in its words: what was asked, how it ended, what it did, how sure we are. */
export interface Head {
  title: string;
  runId: string;
  /** The risk that the issue was labelled with, and the one that was found. */
  risk: string | null;
  observedRisk: string | null;
  prompt: string | null;
  status: { word: string; mark: string; tone: Tone };
  reason: string | null;
  started: string;
  startedAt: string | null;
  duration: string;
  exit: string;
  agent: string;
  model: string;
  modelSource: string | null;
  /** Whether the capture can be used; not yet known of a run that goes on. */
  validity: { text: string; tone: Tone };
  /** Its numbers, each with the pane that tells of it. */
  tiles: { pane: string; value: string; label: string; note: string; tone: Tone }[];
  worries: Worry[];
  /** `3 high, 1 medium`; null where there is no finding. */
  findings: string | null;
  coverage: Pick<CoverageWords, "observer" | "state" | "text">[];
  /** The same in one sentence. */
  sure: { text: string; tone: Tone };
}

const STATUS: Record<string, { word: string; mark: string; tone: Tone }> = {
  succeeded: { word: "Succeeded", mark: "✓", tone: "good" },
  failed: { word: "Failed", mark: "✕", tone: "bad" },
  model_failed: { word: "Model failed", mark: "✕", tone: "bad" },
  timed_out: { word: "Timed out", mark: "◷", tone: "warn" },
  stalled: { word: "Stalled", mark: "◷", tone: "warn" },
  oom_killed: { word: "Out of memory", mark: "✕", tone: "bad" },
  cancelled: { word: "Cancelled", mark: "■", tone: "warn" },
  interrupted: { word: "Interrupted", mark: "■", tone: "warn" },
  lost: { word: "Room lost", mark: "✕", tone: "bad" },
  setup_failed: { word: "Setup failed", mark: "✕", tone: "bad" },
};
const UNKNOWN = { word: "Not ended", mark: "…", tone: "quiet" as Tone };

const MODEL_SOURCES = {
  scripted: "A script spoke for the model: every reply was written in advance, none was generated.",
  replay: "The model's replies were replayed from a recording.",
  record: "A live model answered, and its replies were recorded.",
  live: "A live model answered.",
};

const PROMPT_LIMIT = 6_000;

/** The first screen: what was asked, how it ended, what it did, what is worrying, how sure we are. */
export function headOf(material: Material, summary: Summary, rows: Joined): Head {
  return {
    title: summary.title ?? summary.issue_id ?? material.directoryName,
    runId: summary.run_id ?? material.directoryName,
    risk: summary.risk_level,
    observedRisk: summary.risk.observed,
    prompt: summary.prompt === null ? null : shortened(summary.prompt, PROMPT_LIMIT, RunFile.issue),
    status: STATUS[summary.run_status ?? ""] ?? UNKNOWN,
    reason: summary.run_status_reason,
    started: clock(summary.started_at),
    startedAt: summary.started_at,
    duration: duration(summary.duration_ms),
    exit: summary.exit_code === null ? "none" : String(summary.exit_code),
    agent:
      summary.agent === null
        ? "unknown"
        : [summary.agent.name, summary.agent.version].filter(Boolean).join(" "),
    model: summary.model ?? "unknown",
    modelSource: summary.model_source === null ? null : MODEL_SOURCES[summary.model_source],
    validity: validityOf(material, summary),
    tiles: tilesOf(material, summary, rows),
    worries: worries(material, summary, rows),
    findings: bySeverity(summary),
    sure: sureness(material, summary),
    coverage: summary.coverage.map(inShort),
  };
}

/** Of an observation that went well how it was made; of another all that is known. */
function inShort({ observer, state, text }: CoverageWords): Head["coverage"][number] {
  return { observer, state, text: state === "good" ? text.replace(/(?<=\.) .*$/s, "") : text };
}

/** How many findings of each severity, the worst first. */
function bySeverity({ findings }: Summary): string | null {
  const counts = [...Severity.options].reverse().flatMap((severity) => {
    const times = findings.filter((finding) => finding.severity === severity).length;
    return times === 0 ? [] : `${count(times)} ${severity}`;
  });
  return counts.length === 0 ? null : counts.join(", ");
}

/** What the observers may have missed, in one sentence. */
function sureness({ processes, network }: Material, { coverage }: Summary): Head["sure"] {
  const of = (state: string) =>
    coverage.flatMap((one) => (one.state === state ? one.observer : []));
  const [partial, none] = [of("partial"), of("none")];
  const polled = [processes, network].some((one) => one?.coverage.method === "poll");
  const words = [
    none.length > 0 ? `Not observed: ${none.join(", ")}.` : "",
    partial.length > 0 ? `Seen in part: ${partial.join(", ")}.` : "",
    polled ? "Looked at from time to time: what came and went between two looks is missing." : "",
  ].filter(Boolean);
  return words.length === 0
    ? { text: "Nothing is known to be missing.", tone: "good" }
    : { text: words.join(" "), tone: "warn" };
}

function goesOn({ run }: Material): boolean {
  return run !== null && run.run_status === null;
}

/** A run that goes on has still to show whether it can be used. */
function validityOf(material: Material, { capture_valid }: Summary): Head["validity"] {
  if (capture_valid) return { text: "capture valid", tone: "quiet" };
  return goesOn(material)
    ? { text: "not sealed yet", tone: "quiet" }
    : { text: "capture not valid", tone: "bad" };
}

function tilesOf(
  material: Material,
  { counts, tokens, unobserved }: Summary,
  rows: Joined,
): Head["tiles"] {
  const { gateway } = tokens;
  const refused = counts.attempts_refused;
  const failed = some(counts.tool_calls_failed, "failed or denied");
  const said = gateway === null ? "" : `${count(gateway.input)} in, ${count(gateway.output)} out`;
  const lines = `+${count(counts.lines_added)} −${count(counts.lines_removed)} lines`;
  const attempts = attemptsNote(material, refused);
  const alarm = refused + escapes(material).length > 0 ? "bad" : "quiet";
  const { processes, files, network, modelCalls } = material;
  const lacking = goesOn(material)
    ? { note: "not yet known", tone: "quiet" as const }
    : { note: "not recorded", tone: "warn" as const };
  // What nobody looked at is not none.
  const seen = (record: unknown, told: Head["tiles"][number]) =>
    record === null ? { ...told, value: "–", ...lacking } : told;
  return [
    tile("conversation", counts.tool_calls, "tool call", "tool calls", failed, "quiet"),
    seen(processes, tile("processes", counts.processes, "process", "processes", "", "quiet")),
    seen(
      files,
      tile("files", counts.files_changed, "file changed", "files changed", lines, "quiet"),
    ),
    seen(
      files,
      tile("files", counts.system_changes, "change outside", "changes outside", "", "quiet"),
    ),
    seen(
      network,
      tile("network", refused, "attempt to leave", "attempts to leave", attempts, alarm),
    ),
    seen(
      processes ?? files ?? network,
      unclaimedTile(relationsOf(rows).unclaimed, unobserved.length),
    ),
    seen(modelCalls, tile("model", counts.model_calls, "model call", "model calls", said, "quiet")),
  ];
}

const UNCLAIMED: readonly [Claimable, string, string][] = [
  ["p", "process", "processes"],
  ["file", "change", "changes"],
  ["conn", "connection", "connections"],
  ["name", "name asked", "names asked"],
];

/** What was seen and nobody claims, and what was claimed and nobody saw. */
function unclaimedTile(unclaimed: Relations["unclaimed"], unseen: number): Head["tiles"][number] {
  const kinds = UNCLAIMED.flatMap(([kind, one, many]) =>
    unclaimed[kind].length === 0 ? [] : plural(unclaimed[kind].length, one, many),
  );
  const all = Object.values(unclaimed).reduce((sum, { length }) => sum + length, 0);
  const note = [...kinds, unseen > 0 ? `${plural(unseen, "command")} not seen` : ""];
  const tone = all + unseen > 0 ? "warn" : "quiet";
  const text = note.filter(Boolean).join(", ") || "every action has its call";
  return tile("unclaimed", all, "claimed by no call", "claimed by no call", text, tone);
}

/** One number of the head, and the pane that tells of it. */
function tile(pane: string, value: number, one: string, many: string, note: string, tone: Tone) {
  return { pane, value: count(value), label: value === 1 ? one : many, note, tone };
}
function some(value: number, what: string): string {
  return value > 0 ? `${count(value)} ${what}` : "";
}

function attemptsNote(material: Material, refused: number): string {
  const escaped = escapes(material).length;
  if (escaped > 0) return `${plural(escaped, "connection")} got out`;
  return refused > 0 ? "none got out" : "none was seen";
}
