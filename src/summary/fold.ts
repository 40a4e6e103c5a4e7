import { find } from "../findings/find.js";
import { FORMAT } from "../record/coverage.js";
import type { NativeEvent } from "../record/native-events.js";
import { countLines } from "../record/patch.js";
import type { Summary } from "../record/summary.js";
import { attribute } from "./attribution.js";
import { claimedCalls } from "./calls.js";
import { coverageWords } from "./coverage.js";
import { isOutside } from "./named.js";
import { foldEvents, type NativeFold } from "./native.js";
import type { Material } from "./read.js";
import { sumOf } from "./text.js";
import { foldTokens } from "./tokens.js";

/** Folds what was read into a summary. Pure: the same material gives the same summary. */
export function fold(material: Material): Summary {
  const { run, issue, modelCalls } = material;
  const events = material.events ?? [];
  const { calls, omitted } = claimedCalls(events, modelCalls ?? []);
  const { timeline, unattributed, unobserved } = attribute(calls, material);
  const native = material.told?.fold ?? foldAll(events);
  const found = find(material, material.rules, material.triedProcesses);
  return {
    format: FORMAT,
    run_id: run?.run_id ?? null,
    issue_id: run?.issue_id ?? issue?.id ?? null,
    risk_level: run?.risk_level ?? issue?.risk_level ?? null,
    title: run?.title ?? issue?.title ?? null,
    prompt: issue?.prompt ?? null,
    agent: run === null ? null : { name: run.agent.name, version: run.agent.version },
    model: run?.model ?? null,
    model_source: run?.model_source ?? null,
    ...(run?.attempts === undefined ? {} : { attempts: run.attempts }),
    started_at: run?.started_at ?? null,
    ended_at: run?.ended_at ?? null,
    duration_ms: run?.duration_ms ?? null,
    run_status: run?.run_status ?? null,
    run_status_reason: run?.run_status_reason ?? null,
    exit_code: run?.exit_code ?? null,
    capture_valid: run?.capture_valid ?? false,
    capture_problems: run?.capture_problems ?? ["meta/run.json could not be read"],
    counts: {
      tool_calls: timeline.length + omitted,
      tool_calls_failed: timeline.filter(({ status }) => status === "error" || status === "denied")
        .length,
      ...countObserved(material),
      model_calls: modelCalls?.length ?? 0,
      native_events: material.told?.count ?? events.length,
      native_events_folded: native.folded,
    },
    findings: found.findings,
    findings_omitted: found.findings_omitted,
    risk: found.risk,
    tokens: foldTokens(material),
    timeline,
    timeline_omitted: omitted,
    unattributed,
    unobserved,
    canaries:
      material.canaries?.map(({ id, path, variable }) => ({
        ...{ id, path, variable },
        sightings: found.sightings.filter(({ canary }) => canary === id),
      })) ?? null,
    sightings_omitted: found.sightings_omitted,
    noise: native.noise,
    native: native.kept,
    native_omitted: native.keptOmitted,
    coverage: coverageWords(material),
    problems: [...material.problems, ...found.problems],
  };
}

function foldAll(events: readonly NativeEvent[]): NativeFold {
  const fold = foldEvents();
  for (const event of events) fold.take(event);
  return fold.folded();
}

function countObserved({ processes, files, network }: Material) {
  const connections = network?.connections ?? [];
  const attempts = connections.filter(
    (connection) => isOutside(connection) && connection.verdict !== "allowed",
  );
  const lines = files?.workspace.map(({ patch }) => countLines(patch)) ?? [];
  return {
    processes: processes?.processes.filter(({ role }) => role !== "supervisor").length ?? 0,
    files_changed: files?.workspace.filter(({ kind }) => kind !== "dir").length ?? 0,
    lines_added: sumOf(lines.map(({ added }) => added)),
    lines_removed: sumOf(lines.map(({ removed }) => removed)),
    system_changes: files?.system.length ?? 0,
    connections: connections.length,
    attempts_refused: Math.min(
      Number.MAX_SAFE_INTEGER,
      sumOf(attempts.map(({ attempts = 1 }) => attempts)),
    ),
    names: network?.names.length ?? 0,
  };
}
