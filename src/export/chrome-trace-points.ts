import type { FsDiff } from "../record/files.js";
import type { ResourceUse } from "../record/resources.js";
import type { Summary } from "../record/summary.js";
import { type Clock, instant, NAME_LIMIT, VALUE_LIMIT } from "./chrome-trace-stretches.js";
import { bounded } from "./json.js";

/**
 * Each file change as an instant on a lane for its area. It has no time of its own: it stands at the
 * end of its tool call, else at the observation's end.
 */
export function* changeEvents(
  pid: number,
  files: FsDiff | null,
  summary: Summary,
  clock: Clock,
): Generator<unknown> {
  if (files === null) return;
  for (const [index, name] of ["workspace", "outside the workspace"].entries()) {
    const at = { ph: "M", pid, tid: index + 1, ts: 0 };
    yield { ...at, name: "thread_name", args: { name } };
  }
  const endOf = new Map<string | null, string | null>();
  const callOf = new Map<string, string | null>();
  for (const call of summary.timeline) {
    endOf.set(call.call_id, call.ended_at);
    for (const { area, path } of call.changes) callOf.set(`${area} ${path}`, call.call_id);
  }
  for (const area of ["workspace", "system"] as const) {
    for (const found of files[area]) {
      const call = found.call_id ?? callOf.get(`${area} ${found.path}`) ?? null;
      const end = endOf.get(call) ?? null;
      const path = bounded(found.path, VALUE_LIMIT);
      yield {
        ...{ ph: "i", s: "t", cat: "file changes", pid },
        ...{
          tid: area === "workspace" ? 1 : 2,
          ts: instant(clock(end ?? files.coverage.ended_at)),
        },
        name: `${found.change} ${bounded(found.path, NAME_LIMIT)}`,
        args: {
          ...{ path, area, kind: found.kind, size_bytes: found.after?.size_bytes ?? null },
          ...{ call_id: call, time_is: end === null ? "observation's end" : "tool call's end" },
        },
      };
    }
  }
}

/** CPU, memory and number of processes over time. */
export function* counters(pid: number, use: ResourceUse | null, clock: Clock): Generator<unknown> {
  if (use === null) return;
  const start = clock(use.coverage.started_at);
  const at = { ph: "C", pid, tid: 0 };
  for (const [index, sample] of use.samples.entries()) {
    const ts = instant(start + sample.at_ms * 1_000);
    const before = use.samples[index - 1];
    const passed = sample.at_ms - (before?.at_ms ?? 0);
    if (before?.cpu_ms != null && sample.cpu_ms !== null && passed > 0) {
      const percent = (Math.max(0, sample.cpu_ms - before.cpu_ms) / passed) * 100;
      yield { ...at, ts, name: "CPU, percent of one core", args: { cpu: round(percent) } };
    }
    if (sample.memory_bytes !== null)
      yield { ...at, ts, name: "memory, bytes", args: { memory: sample.memory_bytes } };
    if (sample.pids !== null) yield { ...at, ts, name: "pids", args: { pids: sample.pids } };
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
