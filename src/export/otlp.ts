import { createHash } from "node:crypto";
import type { ModelCall } from "../record/model-calls.js";
import type { ObservedProcess, ProcessTree } from "../record/processes.js";
import type { RunRecord } from "../record/run.js";
import type { Summary, TimelineCall } from "../record/summary.js";
import { readRun } from "../summary/read-run.js";
import { attributes } from "./attributes.js";
import { encode, members } from "./json.js";
import { modelCallsOf } from "./model-calls.js";
import { type Observed, observedFinder } from "./observed.js";
import { modelSpan, processSpan, runSpan, toolSpan } from "./otlp-spans.js";
import { networkOf, processTreeOf, summaryOf } from "./read.js";

/**
 * The names of the attributes are those of this version: the last of the core conventions that held
 * those for GenAI, which are still in development and have a repository of their own since, so far
 * without a release.
 */
const SEMANTIC_CONVENTIONS = "https://opentelemetry.io/schemas/1.41.1";

/**
 * The capture as OTLP JSON, one TracesData: a span for the run, each model call, tool call and
 * process. Ids are made from the run's id, so the same capture gives the same spans each time.
 * Throws UserError where `directory` is no run directory.
 */
export async function* otlp(directory: string): AsyncGenerator<string> {
  const run = await readRun(directory);
  const summary = await summaryOf(directory);
  const { calls, problems } = await modelCallsOf(directory);
  const tree = await processTreeOf(directory);
  const observed = observedFinder(tree, await networkOf(directory));
  const resource = {
    attributes: attributes({
      "service.name": run.agent.name,
      "service.version": run.agent.version,
      "service.instance.id": run.run_id,
      "container.image.name": run.image.ref,
      "container.image.id": run.image.id,
    }),
  };
  const scope = { name: "opencode-capture" };
  yield `{"resourceSpans":[{"resource":${encode(resource)},"scopeSpans":[{"scope":${encode(scope)},`;
  yield '"spans":[';
  yield* members(
    spans({ run, summary, problems: [...summary.problems, ...problems], calls, tree, observed }),
  );
  yield `],"schemaUrl":"${SEMANTIC_CONVENTIONS}"}],"schemaUrl":"${SEMANTIC_CONVENTIONS}"}]}\n`;
}

interface Facts {
  run: RunRecord;
  summary: Summary;
  problems: string[];
  calls: readonly ModelCall[];
  tree: ProcessTree | null;
  observed: (call: TimelineCall) => Observed;
}

/** Every span with its place in the tree: under the run, or a process under what started it. */
function* spans({ run, summary, problems, calls, tree, observed }: Facts): Generator<unknown> {
  const id = (what: string) => hex(`${run.run_id} ${what}`, 8);
  const traceId = hex(run.run_id, 16);
  const root = { traceId, spanId: id("run") };
  const under = (parentSpanId: string, spanId: string) => ({ traceId, spanId, parentSpanId });
  yield { ...root, ...runSpan(run, summary, problems) };

  const askedIn = new Map<string | null, string>();
  for (const [index, call] of calls.entries()) {
    const spanId = id(`model call ${index}`);
    for (const { id } of call.tool_calls)
      if (id !== null && !askedIn.has(id)) askedIn.set(id, spanId);
    yield { ...under(root.spanId, spanId), ...modelSpan(call, run) };
  }

  const spanOfCall = new Map<string, string>();
  for (const [index, call] of summary.timeline.entries()) {
    const spanId = id(`call ${index}`);
    // A model may give no id, or one twice; the first call with an id is the one that others name.
    if (call.call_id !== null && !spanOfCall.has(call.call_id))
      spanOfCall.set(call.call_id, spanId);
    const asker = askedIn.get(call.call_id);
    yield {
      ...under(root.spanId, spanId),
      ...toolSpan(call, run, observed(call)),
      links: asker === undefined ? [] : [{ traceId, spanId: asker }],
    };
  }

  const byKey = new Map(tree?.processes.map((process) => [process.key, process]));
  const circular = inCycles(byKey);
  for (const process of byKey.values()) {
    const parent = circular.has(process.key) ? undefined : byKey.get(process.parent ?? "");
    // The first process of a call hangs from the call; what it started hangs from it.
    const ofCall =
      process.call_id === null || parent?.call_id === process.call_id
        ? undefined
        : spanOfCall.get(process.call_id);
    const ofParent = parent === undefined ? root.spanId : id(`process ${parent.key}`);
    yield {
      ...under(ofCall ?? ofParent, id(`process ${process.key}`)),
      ...processSpan(process, tree?.coverage.ended_at ?? process.started_at),
    };
  }
}

/**
 * The keys of processes whose parents lead back to themselves, as no kernel makes them and a forged
 * record may. They hang from the run, as the first of a tree does.
 */
function inCycles(processes: ReadonlyMap<string, ObservedProcess>): Set<string> {
  const circular = new Set<string>();
  const walked = new Set<string>();
  const parentOf = (key: string) => processes.get(key)?.parent ?? null;
  for (const first of processes.keys()) {
    const path = new Set<string>();
    let key: string | null = first;
    for (; key !== null && !walked.has(key); key = parentOf(key)) {
      walked.add(key);
      path.add(key);
    }
    // Walked before is either an earlier walk's, or where this one came round.
    for (; key !== null && path.delete(key); key = parentOf(key)) circular.add(key);
  }
  return circular;
}

function hex(text: string, bytes: number): string {
  return createHash("sha256")
    .update(text)
    .digest("hex")
    .slice(0, bytes * 2);
}
