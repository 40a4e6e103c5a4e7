import { RunFile } from "../../record/directory.js";
import type { Summary } from "../../record/summary.js";
import type { Material } from "../../summary/read.js";
import type { Beside } from "../beside.js";
import type { Report, ReportData } from "../data.js";
import { visibleDeep } from "../visible.js";
import { callRows, callTexts } from "./calls.js";
import { canaryRows } from "./canaries.js";
import { changeTexts } from "./change-texts.js";
import { changeRows } from "./changes.js";
import { eventRows, eventTexts } from "./events.js";
import { itemOfEvidence } from "./evidence.js";
import { findingRows } from "./findings.js";
import { headOf } from "./head.js";
import type { Held, Kind, Ms } from "./items.js";
import { connectionRows, nameRows } from "./network.js";
import { processColumns } from "./processes.js";
import { readRows } from "./reads.js";
import { LIMITS, type References, referencesOf } from "./references.js";
import { replayText } from "./replay.js";
import { resourceColumns } from "./resources.js";
import { runFacts, tokensOf } from "./run.js";
import { openStrings } from "./strings.js";
import { messageTexts, turnTexts } from "./turn-texts.js";
import { askedIn, turnRows } from "./turns.js";

/** What a report is made from. */
export interface Sources {
  material: Material;
  summary: Summary;
  beside: Beside;
  refs: References;
}

export function sourcesOf(material: Material, summary: Summary, beside: Beside): Sources {
  return { material, summary, beside, refs: referencesOf(material, summary) };
}

/**
 * Everything that the page shows, bounded, and with every string but those of the logs made
 * visible. Pure.
 */
export function reportOf(sources: Sources): Report {
  return { data: dataOf(sources), texts: textsOf(sources) };
}

/** The long texts of a report, which the page reads when it shows them. Pure. */
export function textsOf({ material, summary, beside, refs }: Sources): Report["texts"] {
  const texts = visibleDeep({
    calls: callTexts(summary),
    turns: turnTexts(material),
    messages: messageTexts(material, refs),
    changes: changeTexts(material),
    events: eventTexts(material, summary),
    replay: replayText(beside.replay, refs),
  });
  return { ...texts, logs: beside.logs };
}

/** All of a report but its long texts. Pure. */
export function dataOf({ material, summary, beside, refs }: Sources): ReportData {
  const strings = openStrings();
  const processes = processColumns(material, summary, refs, strings);
  const calls = callRows(summary, refs, askedIn(material));
  const itemOf = itemOfEvidence(material, summary, refs);
  const rows = {
    ...{ calls, processes },
    changes: changeRows(material, summary, refs, calls, processes),
    connections: connectionRows(material, summary, refs, processes),
    names: nameRows(material, refs, processes),
    findings: findingRows(summary, refs, itemOf),
    canaries: canaryRows(material, summary, refs, itemOf),
    events: eventRows(summary, refs),
  };
  const { processes: _, ...listed } = rows;
  const data = visibleDeep({
    runId: summary.run_id ?? material.directoryName,
    title: summary.title ?? summary.issue_id ?? material.directoryName,
    zero: refs.zero,
    running: material.run !== null && summary.run_status === null,
    head: headOf(material, summary, rows),
    turns: turnRows(material, refs),
    ...listed,
    reads: readRows(material, refs),
    noise: summary.noise,
    risk: summary.risk,
    tokens: tokensOf(summary),
    held: heldOf(material, summary),
    run: runFacts(material, summary, beside.manifest),
  });
  const whole = {
    ...data,
    strings: strings.list,
    processes,
    resources: resourceColumns(material, refs),
  };
  return { ...whole, span: spanOf(whole, refs.ms(summary.ended_at)) };
}

/** How much of each list the page has, and which file has the rest. */
function heldOf({ processes, files, network, modelCalls }: Material, summary: Summary) {
  const held = (total: number, limit: number, lost: number, where: string): Held => ({
    total: total + lost,
    omitted: Math.max(0, total - limit) + lost,
    where,
  });
  const changes = (files?.workspace.length ?? 0) + (files?.system.length ?? 0);
  const { timeline, findings, native } = summary;
  return {
    call: held(timeline.length, LIMITS.call, summary.timeline_omitted, RunFile.events),
    turn: held(modelCalls?.length ?? 0, LIMITS.turn, 0, RunFile.modelCalls),
    p: held(processes?.processes.length ?? 0, LIMITS.p, 0, RunFile.processes),
    file: held(changes, LIMITS.file, 0, RunFile.files),
    conn: held(network?.connections.length ?? 0, LIMITS.conn, 0, RunFile.network),
    name: held(network?.names.length ?? 0, LIMITS.name, 0, RunFile.network),
    finding: held(findings.length, LIMITS.finding, summary.findings_omitted, RunFile.summary),
    canary: held(summary.canaries?.length ?? 0, LIMITS.canary, 0, RunFile.canaries),
    event: held(native.length, LIMITS.event, summary.native_omitted, RunFile.events),
  } satisfies Record<Kind, Held>;
}

/** From the first to the last instant of what the page lists; never empty. */
function spanOf(data: Omit<ReportData, "span">, end: Ms | null): [Ms, Ms] {
  let [first, last] = [0, Math.max(1, end ?? 1)];
  const meet = (time: Ms | null | undefined) => {
    if (time == null) return;
    if (time < first) first = time;
    if (time > last) last = time;
  };
  const rows = [data.calls, data.turns, data.connections ?? []];
  for (const { start, end } of rows.flat()) [start, end].forEach(meet);
  for (const list of [data.processes?.start, data.processes?.end, data.resources?.at])
    list?.forEach(meet);
  for (const { at } of data.names ?? []) meet(at);
  return [Math.floor(first), Math.ceil(last)];
}
