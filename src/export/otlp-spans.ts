import type { ModelCall } from "../record/model-calls.js";
import type { ObservedProcess } from "../record/processes.js";
import type { RunRecord } from "../record/run.js";
import type { Summary, TimelineCall } from "../record/summary.js";
import { attributes, double, json } from "./attributes.js";
import { argumentsObject, bounded } from "./json.js";
import { promptTokens } from "./model-calls.js";
import { commandLine, type Observed, programName } from "./observed.js";

/** SpanKind and StatusCode of opentelemetry/proto/trace/v1/trace.proto; numbers by the OTLP spec. */
const INTERNAL = 1;
const CLIENT = 3;
const OK = { code: 1 };
const UNSET = { code: 0 };
const failed = (message: string) => ({ code: 2, message: bounded(message, 1_000) });

/** Of one process: 50,000 of them may come, each with 64 KiB of arguments. */
const MAX_ARGUMENTS = 200;
const MAX_ARGUMENT_LENGTH = 2_000;
const MAX_ARGUMENTS_LENGTH = 16_000;

/** The GenAI conventions' words for the ways in which the APIs say that an answer ended. */
const FINISH_REASONS = new Map([
  ...["end_turn", "stop_sequence", "completed"].map((word) => [word, "stop"] as const),
  ...["max_tokens", "max_output_tokens"].map((word) => [word, "length"] as const),
  ...["tool_calls", "tool_use", "function_call"].map((word) => [word, "tool_call"] as const),
  ["refusal", "content_filter"] as const,
]);

/** The root: the agent's whole run. `problems` are what of the capture could not be read. */
export function runSpan(run: RunRecord, summary: Summary, problems: readonly string[]) {
  return {
    name: `invoke_agent ${run.agent.name}`,
    kind: INTERNAL,
    ...times(run.started_at, run.ended_at ?? run.started_at),
    attributes: attributes({
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.provider.name": providerOf(run),
      "gen_ai.agent.name": run.agent.name,
      "gen_ai.agent.version": run.agent.version,
      "gen_ai.request.model": run.model,
      "gen_ai.conversation.id": run.session.id,
      "capture.run_id": run.run_id,
      "capture.issue.id": run.issue_id,
      "capture.issue.title": run.title,
      "capture.issue.risk_level": run.risk_level,
      "capture.model_source": run.model_source,
      "capture.run_status": run.run_status,
      "capture.run_status_reason": run.run_status_reason,
      "capture.valid": run.capture_valid,
      "capture.findings": summary.findings.map(({ severity, title }) => `${severity}: ${title}`),
      "capture.coverage": summary.coverage.map(({ text }) => text),
      "capture.calls_left_out": summary.timeline_omitted,
      "capture.problems": problems,
    }),
    status: statusOf(run),
  };
}

function statusOf({ run_status, run_status_reason }: RunRecord) {
  if (run_status === null) return UNSET;
  return run_status === "succeeded" ? OK : failed(run_status_reason ?? run_status);
}

/** A model call that the gateway carried. */
export function modelSpan(call: ModelCall, run: RunRecord) {
  const error = call.error ?? (call.status === null ? "no answer" : null);
  const { tokens, stop_reason, first_byte_ms, streamed } = call;
  return {
    name: `chat ${call.model ?? "unknown"}`,
    kind: CLIENT,
    ...times(call.started_at, Date.parse(call.started_at) + call.duration_ms),
    attributes: attributes({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": providerOf(run),
      "gen_ai.conversation.id": run.session.id,
      "gen_ai.request.model": call.model,
      "gen_ai.request.stream": streamed,
      "gen_ai.response.model": call.answered_model,
      "gen_ai.response.finish_reasons": stop_reason == null ? null : [stop_reason],
      "gen_ai.response.time_to_first_chunk":
        streamed && first_byte_ms !== null ? double(first_byte_ms / 1_000) : null,
      "gen_ai.usage.input_tokens": promptTokens(call),
      "gen_ai.usage.output_tokens": tokens.output,
      "gen_ai.usage.cache_read.input_tokens": tokens.cache_read,
      "gen_ai.usage.cache_creation.input_tokens": tokens.cache_write,
      "gen_ai.usage.reasoning.output_tokens": tokens.reasoning,
      // As JSON text: what the conventions ask for where a span takes no structured values.
      "gen_ai.output.messages": json([answerOf(call, error !== null)]),
      "http.response.status_code": call.status,
      "error.type": error === null ? null : String(call.status ?? "_OTHER"),
      "capture.call.purpose": call.purpose,
      "capture.call.retry": call.retry,
      "capture.call.cost_usd": double(call.cost_usd),
      "capture.call.first_byte_ms": first_byte_ms,
      "capture.call.text_truncated": call.text_truncated,
    }),
    status: error === null ? UNSET : failed(error),
  };
}

/** The answer as the conventions' schema of output messages has it. */
function answerOf({ text, tool_calls, stop_reason }: ModelCall, broke: boolean) {
  const told = stop_reason ?? (tool_calls.length > 0 ? "tool_call" : "stop");
  return {
    role: "assistant",
    parts: [
      ...(text === null ? [] : [{ type: "text", content: bounded(text) }]),
      ...tool_calls.map(({ id, name, arguments: given }) => ({
        ...{ type: "tool_call", id, name, arguments: argumentsObject(given) },
      })),
    ],
    finish_reason: broke ? "error" : (FINISH_REASONS.get(told) ?? told),
  };
}

/** A tool call as the agent claimed it, with what was seen of it from outside. */
export function toolSpan(call: TimelineCall, run: RunRecord, observed: Observed) {
  const started = call.started_at ?? run.started_at;
  const bad = call.status === "error" || call.status === "denied";
  return {
    name: `execute_tool ${call.tool || "?"}`,
    kind: INTERNAL,
    ...times(started, call.ended_at ?? started),
    attributes: attributes({
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": call.tool,
      "gen_ai.tool.type": "function",
      "gen_ai.tool.call.id": call.call_id,
      "gen_ai.tool.call.arguments": call.input,
      "gen_ai.tool.call.result": call.output,
      "gen_ai.conversation.id": call.session_id,
      "error.type": bad ? call.status : null,
      "capture.call.source": call.source,
      "capture.call.status": call.status,
      "capture.call.claimed_exit_code": call.claimed_exit_code,
      "capture.call.input_omitted": call.input_omitted,
      "capture.call.output_omitted": call.output_omitted,
      "capture.observed.processes": observed.processes,
      "capture.observed.changes": observed.changes,
      "capture.observed.connections": observed.connections,
      "capture.observed.omitted": observed.omitted,
    }),
    status: bad ? failed(call.output ?? call.status) : UNSET,
  };
}

/** A process that was seen; one that still lived is as long as it was watched, until `lastSeen`. */
export function processSpan(process: ObservedProcess, lastSeen: string) {
  const args = argumentsOf(process);
  return {
    name: programName(process),
    kind: INTERNAL,
    ...times(process.started_at, process.ended_at ?? lastSeen),
    attributes: attributes({
      "process.pid": process.pid,
      "process.executable.path": process.exe,
      "process.command_args": args,
      "process.command_line": commandLine(process),
      "process.working_directory": process.cwd,
      "process.exit.code": process.exit_code,
      "capture.process.key": process.key,
      "capture.process.role": process.role,
      "capture.process.call_id": process.call_id,
      "capture.process.signal": process.signal,
      "capture.process.cpu_ms": process.cpu_ms,
      "capture.process.max_rss_bytes": process.max_rss_bytes,
      "capture.process.ended": process.ended_at !== null,
      "capture.process.argv_truncated":
        process.argv_truncated === true || args.length < process.argv.length,
    }),
    status: UNSET,
  };
}

/** The first arguments, each and all together within a bound. */
function argumentsOf({ argv }: ObservedProcess): string[] {
  let left = MAX_ARGUMENTS_LENGTH;
  const kept: string[] = [];
  for (const argument of argv.slice(0, MAX_ARGUMENTS)) {
    const text = bounded(argument, MAX_ARGUMENT_LENGTH);
    left -= text.length;
    if (left < 0) break;
    kept.push(text);
  }
  return kept;
}

/** The conventions ask for a provider; of an OpenAI-compatible endpoint only its name is known. */
function providerOf(run: RunRecord): string {
  return run.model.split("/")[0] || "unknown";
}

/** What OTLP's 64 bits of nanoseconds since 1970 hold, in milliseconds: until July 2554. */
const LAST_MS = 18_446_744_073_709;

/**
 * Nanoseconds since 1970 as decimal text, the end never before the start; what is earlier or later
 * than OTLP can tell is the earliest or the last.
 */
function times(start: string, end: string | number) {
  const from = within(Date.parse(start));
  const to = Math.max(from, within(typeof end === "number" ? end : Date.parse(end)));
  return { startTimeUnixNano: nanoseconds(from), endTimeUnixNano: nanoseconds(to) };
}

function within(ms: number): number {
  return Math.min(LAST_MS, Math.max(0, Math.round(ms)));
}

function nanoseconds(ms: number): string {
  return String(BigInt(ms) * 1_000_000n);
}
