import type { ModelCall } from "../record/model-calls.js";
import type { NativeEvent } from "../record/native-events.js";
import { nestsDeeper } from "../record/nesting.js";
import type { TimelineCall } from "../record/summary.js";
import { cut, type Fields, fields, oneLine, textOf, timeOf } from "./text.js";

type Claims =
  | ("call_id" | "source" | "session_id" | "tool" | "title" | "status" | "claimed_exit_code")
  | ("started_at" | "ended_at" | "duration_ms")
  | ("input" | "input_omitted" | "output" | "output_omitted");

/** A tool call as it was claimed; what was observed is joined to it later. */
export interface ClaimedCall extends Pick<TimelineCall, Claims> {
  /** The whole input, for attribution; never written. */
  args: Fields;
}

const MAX_CALLS = 20_000;
/** Characters of one call's input, and of its output. */
const TEXT_LIMIT = 8_000;
/** Characters of all calls together; those that come when they are spent keep a line each. */
const TEXTS_LIMIT = 16_000_000;
const LINE_LIMIT = 160;

/** The tools of OpenCode that run a shell command, and its argument's name. */
const SHELL_TOOLS = new Map([["bash", "command"]]);

/** The shell command that a call is about, or null. */
export function shellCommand(call: Pick<ClaimedCall, "tool" | "args">): string | null {
  const name = SHELL_TOOLS.get(call.tool);
  return name === undefined ? null : textOf(call.args[name]);
}

interface Building {
  id: string;
  tool: string;
  session: string | null;
  /** All that the call's parts said, the last word on each. */
  state: Record<string, unknown>;
  args: Fields;
  before: string | null;
  after: { time: string; output: Fields } | null;
  denied: boolean;
}

/**
 * The tool calls in order: those that the agent reported, and those that only the model asked for
 * (all of them, where there are no native events). Nothing is dropped in silence: `omitted`.
 */
export function claimedCalls(
  events: readonly NativeEvent[],
  modelCalls: readonly ModelCall[],
): { calls: ClaimedCall[]; omitted: number } {
  const wishes = new Map(
    modelCalls.flatMap((call) => call.tool_calls.map((asked) => [asked.id ?? "", asked.arguments])),
  );
  const native = nativeCalls(events);
  const known = new Set([...native.values()].map(({ id }) => idOf(id)));
  const claims: Claim[] = [...native.values()].map((call) => ({
    at: millis(startOf(call)),
    make: (limit) => toClaimed(call, wishes.get(call.id), limit),
  }));
  for (const call of modelCalls) {
    const answered = timeOf(Date.parse(call.started_at) + call.duration_ms);
    for (const asked of call.tool_calls)
      if (!known.has(asked.id ?? ""))
        claims.push({ at: millis(answered), make: (limit) => toAsked(asked, answered, limit) });
  }
  claims.sort((a, b) => a.at - b.at);
  let left = TEXTS_LIMIT;
  const calls = claims.slice(0, MAX_CALLS).map(({ make }) => {
    const call = make(left > 0 ? TEXT_LIMIT : LINE_LIMIT);
    left -= (call.input?.length ?? 0) + (call.output?.length ?? 0);
    return call;
  });
  return { calls, omitted: claims.length - calls.length };
}

/** A call that was claimed: when, in milliseconds since 1970, and all of it, made once it is kept. */
interface Claim {
  at: number;
  make(limit: number): ClaimedCall;
}

function idOf(id: string): string {
  return id.slice(0, 200);
}

function millis(time: string | null): number {
  return time === null ? Number.MAX_SAFE_INTEGER : Date.parse(time);
}

/** The calls that the agent reported, by their ids, as far as its events tell of them. */
function nativeCalls(events: readonly NativeEvent[]): ReadonlyMap<string, Building> {
  const building = new Map<string, Building>();
  const asked = new Map<string, string>();
  const meet = (id: string): Building => {
    const known = building.get(id);
    if (known !== undefined) return known;
    const call: Building = {
      id,
      tool: "?",
      session: null,
      state: {},
      args: {},
      before: null,
      after: null,
      denied: false,
    };
    building.set(id, call);
    return call;
  };
  for (const event of events) {
    const data = fields(event.data);
    const properties = fields(data.properties);
    if (event.type === "message.part.updated") {
      const part = fields(properties.part);
      const id = textOf(part.callID);
      if (part.type !== "tool" || id === null) continue;
      const call = meet(id);
      call.tool = textOf(part.tool) ?? call.tool;
      call.session ??= textOf(part.sessionID);
      Object.assign(call.state, fields(part.state));
      const input = fields(call.state.input);
      if (Object.keys(input).length > 0) call.args = input;
    } else if (event.type === "tool.execute.before" && event.call_id) {
      const call = meet(event.call_id);
      call.before ??= event.time;
      call.tool = call.tool === "?" ? (textOf(fields(data.input).tool) ?? "?") : call.tool;
      if (Object.keys(call.args).length === 0) call.args = fields(fields(data.output).args);
    } else if (event.type === "tool.execute.after" && event.call_id) {
      meet(event.call_id).after = { time: event.time, output: fields(data.output) };
    } else if (event.type === "permission.asked") {
      const call = textOf(fields(properties.tool).callID) ?? event.call_id ?? null;
      const id = textOf(properties.id);
      if (call !== null && id !== null) asked.set(id, call);
    } else if (event.type === "permission.replied" && properties.reply === "reject") {
      const call = asked.get(textOf(properties.requestID) ?? "");
      if (call !== undefined) meet(call).denied = true;
    }
  }
  return building;
}

function startOf({ state, before }: Building): string | null {
  return timeOf(fields(state.time).start) ?? validTime(before);
}

function toClaimed(call: Building, wish: string | undefined, limit: number): ClaimedCall {
  const { state } = call;
  const started = startOf(call);
  const ended = timeOf(fields(state.time).end) ?? validTime(call.after?.time ?? null);
  // A call to a tool that the agent does not have comes back as the tool `invalid`, completed, with
  // the error as its input; what the model really asked for, the gateway knows.
  const unavailable = call.tool === "invalid" ? textOf(call.args.tool) : null;
  const tool = (unavailable ?? call.tool).slice(0, 100);
  const title = textOf(state.title) ?? textOf(call.after?.output.title) ?? null;
  const output = textOf(state.error) ?? textOf(state.output) ?? textOf(call.after?.output.output);
  const exit = fields(state.metadata).exit ?? fields(call.after?.output.metadata).exit;
  const took = started !== null && ended !== null ? Date.parse(ended) - Date.parse(started) : null;
  const asked = unavailable === null ? call.args : (wish ?? "");
  const { input, said } = shown(tool, asked, output, limit);
  return {
    call_id: idOf(call.id),
    source: "native",
    session_id: call.session?.slice(0, 200) ?? null,
    tool,
    title: title === null ? null : oneLine(title, 300),
    input: input.text,
    input_omitted: input.omitted,
    status: unavailable !== null || call.denied ? "denied" : statusOf(call),
    claimed_exit_code: typeof exit === "number" && Number.isInteger(exit) ? exit : null,
    started_at: started,
    ended_at: ended,
    duration_ms: took === null ? null : Math.max(0, took),
    output: said.text,
    output_omitted: said.omitted,
    args: call.args,
  };
}

function statusOf(call: Building): TimelineCall["status"] {
  const status = call.state.status;
  if (status === "completed" || status === "error") return status;
  return call.after === null ? "running" : "completed";
}

type Asked = ModelCall["tool_calls"][number];

/** A call of which no more is known than that the model asked for it. */
function toAsked(asked: Asked, answered: string | null, limit: number): ClaimedCall {
  const args = fields(parse(asked.arguments));
  const tool = asked.name.slice(0, 100);
  const known = Object.keys(args).length > 0;
  const { input, said } = shown(tool, known ? args : asked.arguments, null, limit);
  return {
    call_id: asked.id,
    source: "model",
    session_id: null,
    tool,
    title: null,
    input: input.text,
    input_omitted: input.omitted,
    status: "asked",
    claimed_exit_code: null,
    started_at: answered,
    ended_at: null,
    duration_ms: null,
    output: said.text,
    output_omitted: said.omitted,
    args,
  };
}

/** Input and output, each within the limit; null where there is nothing to show. */
function shown(tool: string, args: Fields | string, output: string | null, limit: number) {
  const whole =
    typeof args === "string"
      ? args
      : (shellCommand({ tool, args }) ?? JSON.stringify(args, null, 1));
  const input = cut(whole === "{}" ? "" : whole, limit);
  const said = cut(output ?? "", limit);
  return {
    input: { ...input, text: input.text || null },
    said: { ...said, text: said.text || null },
  };
}

function validTime(time: string | null): string | null {
  return time === null ? null : timeOf(Date.parse(time));
}

function parse(text: string): unknown {
  if (nestsDeeper(text)) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
