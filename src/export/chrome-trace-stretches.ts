import type { ModelCall } from "../record/model-calls.js";
import type { NetworkObservation } from "../record/network.js";
import type { ProcessTree } from "../record/processes.js";
import type { RunRecord } from "../record/run.js";
import type { Summary } from "../record/summary.js";
import { argumentsObject, bounded } from "./json.js";
import type { Stretch } from "./lanes.js";
import { commandLine, observedFinder, programName } from "./observed.js";

/** A time of the record as microseconds since the run's start. */
export type Clock = (time: string) => number;

/** The most characters of an event's name, and of a text among its arguments. */
export const NAME_LIMIT = 120;
export const VALUE_LIMIT = 4_000;

/** Something of the run that took time, to be put on a lane. */
export interface TraceStretch extends Stretch {
  name: string;
  args: Record<string, unknown>;
}

/** Each model call that the gateway carried. */
export function modelEvents(calls: readonly ModelCall[], clock: Clock): TraceStretch[] {
  return calls.map((call) => ({
    name: `${call.purpose === "turn" ? "turn" : call.purpose} ${call.model ?? ""}`.trim(),
    ...stretch(clock(call.started_at), clock(call.started_at) + call.duration_ms * 1_000),
    args: {
      ...{ seq: call.seq, status: call.status, error: call.error, tokens: call.tokens },
      text: call.text === null ? null : bounded(call.text, VALUE_LIMIT),
      tool_calls: call.tool_calls.map(({ id, name }) => ({ id, name })),
    },
  }));
}

/** Each tool call as the agent claimed it, with what was seen of it. */
export function callEvents(
  summary: Summary,
  tree: ProcessTree | null,
  network: NetworkObservation | null,
  run: RunRecord,
  clock: Clock,
): TraceStretch[] {
  const observed = observedFinder(tree, network);
  return summary.timeline.map((call) => {
    const start = clock(call.started_at ?? run.started_at);
    return {
      name: call.title === null ? call.tool : `${call.tool}: ${call.title}`,
      ...stretch(start, call.ended_at === null ? start : clock(call.ended_at)),
      args: {
        ...{ call_id: call.call_id, source: call.source, status: call.status },
        input: argumentsOf(call.input),
        output: call.output === null ? null : bounded(call.output, VALUE_LIMIT),
        observed: observed(call),
      },
    };
  });
}

function argumentsOf(input: string | null): unknown {
  if (input === null) return null;
  const text = bounded(input, VALUE_LIMIT);
  return text.startsWith("{") ? argumentsObject(text) : text;
}

/** Each process; one that still lived ends with the observation. */
export function processEvents(tree: ProcessTree | null, clock: Clock): TraceStretch[] {
  return (tree?.processes ?? []).map((process) => ({
    name: programName(process),
    ...stretch(
      clock(process.started_at),
      clock(process.ended_at ?? tree?.coverage.ended_at ?? process.started_at),
    ),
    args: {
      ...{ key: process.key, pid: process.pid, parent: process.parent, role: process.role },
      command: commandLine(process),
      ...{ exit_code: process.exit_code, call_id: process.call_id, cpu_ms: process.cpu_ms },
      ended: process.ended_at !== null,
    },
  }));
}

/** Each connection and attempt, from the first to the last time that it was seen. */
export function connectionEvents(network: NetworkObservation | null, clock: Clock): TraceStretch[] {
  return (network?.connections ?? []).map((found) => ({
    name: `${found.verdict} ${found.remote_name ?? found.remote ?? found.local ?? "?"}`,
    ...stretch(clock(found.first_seen_at), clock(found.last_seen_at)),
    args: {
      ...{ protocol: found.protocol, local: found.local, remote: found.remote },
      ...{ purpose: found.purpose, process: found.process, call_id: found.call_id },
    },
  }));
}

/** Readers count nanoseconds in 64 bits with a sign: some 285 years, in microseconds. */
const LAST = 9_000_000_000_000_000;

/** A time that a trace can hold: never before the run's start, as clocks differ by milliseconds. */
export function instant(at: number): number {
  return Math.min(LAST, Math.max(0, at));
}

/** Never backwards. */
function stretch(start: number, end: number): Stretch {
  const from = instant(start);
  return { start: from, end: Math.max(from, instant(end)) };
}
