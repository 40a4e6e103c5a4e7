import type { Coverage } from "../record/coverage.js";
import type { CostSource, ModelCall } from "../record/model-calls.js";
import type { CoverageWords } from "../record/summary.js";
import type { Material } from "./read.js";
import { grouped } from "./text.js";

/** A record has as many kinds as its observers tell; it may have been made by anybody. */
const MAX_KINDS = 30;

/** How sure each observation is, in plain words, the supervisor's first. */
export function coverageWords(material: Material): CoverageWords[] {
  const { run, processes, files, network, resources, events, told, modelCalls, session } = material;
  const reason = (name: string) => run?.observers[name]?.reason;
  const observed = (
    observer: string,
    coverage: Coverage | undefined,
    omitted: number | undefined,
  ) => words(observer, coverage, omitted ?? 0, reason(observer));
  return [
    observed("processes", processes?.coverage, processes?.omitted),
    observed("files", files?.coverage, files?.totals.omitted),
    observed("network", network?.coverage, network?.omitted),
    observed("resources", resources?.coverage, 0),
    ...others(material),
    {
      observer: "model calls",
      state: modelCalls === null ? "none" : "good",
      text:
        modelCalls === null
          ? "The model gateway left no record."
          : `The model gateway carried ${plural(modelCalls.length, "call")} and wrote down each.`,
      blind_spots: costWords(modelCalls ?? []),
    },
    {
      observer: "native events",
      ...nativeWords(run?.native_events, told?.count ?? events?.length ?? null),
      blind_spots: ["the agent's own word, written inside the room: it can be forged or left out"],
    },
    {
      observer: "session",
      state: session === null ? "none" : "good",
      text:
        session === null
          ? `No session was exported${run?.session.reason ? `: ${run.session.reason}` : "."}`
          : "The agent's session was exported after the run.",
      blind_spots: [],
    },
  ];
}

/** What is not sure of the calls' cost, where any is known: a price is no bill. */
function costWords(calls: readonly ModelCall[]): string[] {
  const by = (wanted: CostSource) =>
    calls.filter(({ cost_source }) => cost_source === wanted).length;
  const [listed, named] = [by("list"), by("settings")];
  return [
    ...(listed > 0
      ? [
          `the cost of ${plural(listed, "call")} is its tokens at the price that OpenCode's list knows`,
        ]
      : []),
    ...(named > 0
      ? [`the cost of ${plural(named, "call")} is its tokens at the price in the settings`]
      : []),
  ];
}

/** Observers that the run names and that have no file of their own, such as a kernel sensor. */
function others({ run }: Material): CoverageWords[] {
  const own = new Set(["processes", "files", "network", "resources"]);
  return Object.entries(run?.observers ?? {})
    .filter(([name]) => !own.has(name))
    .slice(0, 20)
    .map(([name, { ok, reason }]) => ({
      observer: name.slice(0, 60),
      state: ok ? "good" : "none",
      text: ok ? "Ran." : `Did not run${reason ? `: ${reason}` : "."}`,
      blind_spots: [],
    }));
}

function words(
  observer: string,
  coverage: Coverage | undefined,
  omitted: number,
  reason: string | undefined,
): CoverageWords {
  if (coverage === undefined)
    return {
      observer,
      state: "none",
      text: `Not recorded${reason ? `: ${reason}` : "."}`,
      blind_spots: [],
    };
  if (coverage.method === "none")
    return {
      observer,
      state: "none",
      text: `Nothing was seen: ${coverage.error ?? reason ?? "no reason was given"}`,
      blind_spots: coverage.blind_spots,
    };
  const lost = coverage.lost_events;
  const { followed_by: later } = coverage;
  const text = [
    sentence(coverage),
    coverage.error === undefined ? "" : `It stopped early: ${coverage.error}.`,
    later === undefined ? "" : `From ${later.started_at} on: ${sentence(later)}`,
    arrived(coverage),
    lost > 0 ? `${plural(lost, "fact")} known to be lost.` : "",
    omitted > 0 ? `${plural(omitted, "entry", "entries")} left out by a bound.` : "",
  ];
  return {
    observer,
    state: coverage.error !== undefined || lost > 0 || omitted > 0 ? "partial" : "good",
    text: text.filter(Boolean).join(" "),
    blind_spots: coverage.blind_spots,
  };
}

/** Of each kind of event, what came beside what was counted where it happened. */
function arrived({ sent = {}, received = {} }: Coverage): string {
  const kinds = Object.entries(sent).filter(([, count]) => count > 0);
  if (kinds.length === 0) return "";
  const all = kinds.map(
    ([kind, count]) =>
      `${kind.slice(0, 60).replaceAll("_", " ")} ${grouped(received[kind] ?? 0)} of ${grouped(count)}`,
  );
  return `Arrived of what the kernel counted: ${all.slice(0, MAX_KINDS).join(", ")}.`;
}

function sentence(
  coverage: Pick<Coverage, "method" | "source" | "interval_ms" | "samples">,
): string {
  const source = coverage.source === undefined ? "" : ` Read from ${coverage.source}.`;
  const { samples } = coverage;
  switch (coverage.method) {
    case "kernel":
      return `Each event reported by the kernel.${source}`;
    case "poll": {
      const every = coverage.interval_ms === undefined ? "" : ` every ${coverage.interval_ms} ms`;
      return `Looked${every}${samples === undefined ? "" : `, ${plural(samples, "time")}`}.${source}`;
    }
    case "snapshot":
      return `Compared before and after the run.${source}`;
    default:
      return `Seen by the gateway.${source}`;
  }
}

type NativeStatus = NonNullable<Material["run"]>["native_events"] | undefined;

function nativeWords(
  status: NativeStatus,
  read: number | null,
): Pick<CoverageWords, "state" | "text"> {
  if (read === null || read === 0)
    return { state: "none", text: "The agent reported no events; all below is the supervisor's." };
  const bad = status?.bad_lines ?? 0;
  const faults = [
    bad > 0 ? `${plural(bad, "line")} could not be read` : "",
    status?.status === "truncated" ? "the file was cut at its bound" : "",
  ].filter(Boolean);
  return {
    state: faults.length > 0 ? "partial" : "good",
    text: `The agent reported ${plural(read, "event")}${faults.length > 0 ? `; ${faults.join("; ")}` : ""}.`,
  };
}

/** `1 file`, `2 files`, with thousands set apart. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}
