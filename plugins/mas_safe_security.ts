/**
 * The OpenCode plugin that is laid into the room's workspace: it appends one JSON line for every
 * event and hook call that OpenCode hands it. It changes nothing but the shell's environment, never
 * throws into the agent, and drops what it cannot write. Copied alone: it imports only Node's own.
 */
import { fstatSync, mkdirSync, openSync, writeSync } from "node:fs";
import type { Hooks, PluginInput, PluginModule } from "@opencode-ai/plugin";

const CAPTURE_DIR = process.env.MAS_CAPTURE_DIR || "/capture";
const RUN_ID = process.env.MAS_RUN_ID ?? null;
const ISSUE_ID = process.env.MAS_ISSUE_ID ?? null;

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_LINE_BYTES = 256 * 1024;
/** Kept back for the line that says that the file is full. */
const LAST_LINE_BYTES = 1024;
/** Strings are cut at the first length, and in a line that is still too long at the second. */
const STRING_LIMITS = [64 * 1024, 1024] as const;
/** Characters of an id or a type. */
const MAX_WORD = 200;
/** So many values are remembered, of hooks that say the same again and again. */
const MAX_KNOWN = 500;
const MAX_DEPTH = 40;
const MAX_NODES = 20_000;

/** Keys whose values are secrets, compared in lower case without `-` and `_`. */
const SECRET =
  /(apikey|authorization|passw(or)?d|secret|(access|refresh|auth|bearer)token|cookie|credentials?|privatekey)$|^token$/;

type Fields = Record<string, unknown>;

const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {};

/** The events file, opened with the first line. */
let file: number | null = null;
/** How long it is. */
let bytes = 0;
/** Whether its last line is not whole. */
let torn = false;
let full = false;
let seq = 0;
/** Lines that could not be written, or not whole. */
let dropped = 0;
/** What each hook that is recorded once gave last, by its name and key. */
const lastData = new Map<string, string>();

function append(line: string): void {
  if (file === null) {
    mkdirSync(`${CAPTURE_DIR}/events`, { recursive: true });
    file = openSync(`${CAPTURE_DIR}/events/opencode_events.jsonl`, "a", 0o644);
    bytes = fstatSync(file).size;
  }
  const data = Buffer.from(`${torn ? "\n" : ""}${line}\n`);
  const count = writeSync(file, data);
  bytes += count;
  torn = count < data.length;
  if (torn) dropped += 1;
}

/** Writes what `read` gives as a line; with `once`, not again while it is the same for that key. */
function record(hook: string, read: () => unknown, once?: string): void {
  if (full) return;
  try {
    const value = read();
    if (once !== undefined && isKnown(hook, value, once)) return;
    const head = headOf(hook, value);
    let line = lineOf(head, value);
    full = bytes + Buffer.byteLength(line) + LAST_LINE_BYTES > MAX_FILE_BYTES;
    if (full) {
      const data = { reason: "the events file is full", limit_bytes: MAX_FILE_BYTES };
      line = JSON.stringify({ ...head, hook: "capture", type: "capture.truncated", data });
    }
    seq += 1;
    append(line);
  } catch {
    dropped += 1;
  }
}

/** Whether a hook gave the same for the same key the last time. */
function isKnown(hook: string, value: unknown, key: string): boolean {
  const { data } = copyOf(value, STRING_LIMITS[0]);
  const named = `${hook} ${String(fields(fields(data).input)[key])}`;
  const text = JSON.stringify(data);
  if (lastData.get(named) === text) return true;
  if (lastData.size < MAX_KNOWN) lastData.set(named, text);
  return false;
}

/** What a line says but its data: when, whose, and about what. */
function headOf(hook: string, value: unknown): Fields {
  const given = hook === "event" ? fields(value) : fields(fields(value).input);
  const about = hook === "event" ? fields(given.properties) : given;
  const part = fields(about.part);
  return {
    seq: seq + 1,
    time: new Date().toISOString(),
    run_id: RUN_ID,
    issue_id: ISSUE_ID,
    pid: process.pid,
    hook,
    type: hook === "event" ? (word(given.type) ?? hook) : hook,
    session_id: word(about.sessionID ?? part.sessionID ?? fields(about.info).sessionID),
    call_id: word(about.callID ?? part.callID ?? fields(about.tool).callID),
    ...(dropped > 0 ? { dropped } : {}),
  };
}

function word(value: unknown): string | null {
  return typeof value === "string" ? value.slice(0, MAX_WORD) : null;
}

/** A line within its bound: strings are cut the shorter the longer it would be, at last all of it. */
function lineOf(head: Fields, value: unknown): string {
  let line = "";
  for (const limit of STRING_LIMITS) {
    const { data, cut } = copyOf(value, limit);
    line = JSON.stringify({ ...head, data, ...(cut ? { truncated: true } : {}) });
    if (Buffer.byteLength(line) <= MAX_LINE_BYTES) return line;
  }
  const text = line.slice(0, MAX_LINE_BYTES / 16);
  const data = { head: text, omitted_characters: line.length - text.length };
  return JSON.stringify({ ...head, data, truncated: true });
}

function copyOf(value: unknown, limit: number): { data: unknown; cut: boolean } {
  const copy: Copy = { limit, nodes: 0, cut: false, path: new Set() };
  return { data: plain(value, copy, 0) ?? null, cut: copy.cut };
}

/** A copy that is being made: its bound on strings, what it holds so far, and whether it is cut. */
interface Copy {
  limit: number;
  nodes: number;
  cut: boolean;
  path: Set<object>;
}

/** A copy that JSON can hold: bounded, without cycles or secrets. Getters that throw are named. */
function plain(value: unknown, copy: Copy, depth: number): unknown {
  copy.nodes += 1;
  if (depth > MAX_DEPTH || copy.nodes > MAX_NODES) copy.cut = true;
  if (typeof value === "string" && value.length > copy.limit) {
    copy.cut = true;
    return `${value.slice(0, copy.limit)}… [${value.length - copy.limit} characters cut]`;
  }
  if (typeof value === "bigint") return String(value);
  if (typeof value === "function" || typeof value === "symbol") return `[${typeof value}]`;
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH || copy.nodes > MAX_NODES) return "[cut]";
  if (copy.path.has(value)) return "[circular]";
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  copy.path.add(value);
  try {
    if (Array.isArray(value))
      return value.slice(0, MAX_NODES).map((item) => plain(item, copy, depth + 1));
    if (value instanceof Map || value instanceof Set) return plain([...value], copy, depth + 1);
    const members: Fields = Object.create(null);
    const isError = value instanceof Error;
    for (const key of isError ? ["name", "message", ...Object.keys(value)] : Object.keys(value)) {
      if (copy.nodes > MAX_NODES) break;
      const name = key.slice(0, 1024);
      const secret = SECRET.test(name.toLowerCase().replace(/[-_]/g, ""));
      members[name] = secret ? "[redacted]" : member(value as Fields, key, copy, depth);
    }
    return members;
  } catch {
    return "[unreadable]";
  } finally {
    copy.path.delete(value);
  }
}

function member(value: Fields, key: string, copy: Copy, depth: number): unknown {
  try {
    return plain(value[key], copy, depth + 1);
  } catch {
    return "[unreadable]";
  }
}

/** What a chat hook was asked about, without the provider's whole catalog and its key. */
function chat(input: unknown): Fields {
  const { sessionID, agent, model, provider } = fields(input);
  const { id, providerID } = fields(model);
  return { sessionID, agent, model: { id, providerID }, source: fields(provider).source };
}

/** All that the plugin changes: a shell command of a tool call carries its ids. */
function mark(input: unknown, output: unknown): void {
  const { callID, sessionID } = fields(input);
  const env = fields(fields(output).env);
  Object.assign(env, { MAS_RUN_ID: RUN_ID ?? "", MAS_ISSUE_ID: ISSUE_ID ?? "" });
  env.MAS_CAPTURE_DIR = CAPTURE_DIR;
  if (typeof callID === "string") env.MAS_CALL_ID = callID;
  if (typeof sessionID === "string") env.MAS_SESSION_ID = sessionID;
}

/** A hook that records its input and output, or what `read` picks of them. */
function hook(name: string, read?: (input: unknown, output: unknown) => unknown, once?: string) {
  return async (input?: unknown, output?: unknown): Promise<void> => {
    record(name, () => (read ? read(input, output) : { input, output }), once);
  };
}

async function server(input: PluginInput): Promise<Hooks> {
  record("plugin.loaded", () => ({
    input: { directory: input.directory, worktree: input.worktree },
  }));
  const environment = hook("shell.env", (given) => ({ input: given }));
  return {
    event: hook("event", (given) => fields(given).event),
    config: hook("config"),
    dispose: hook("dispose"),
    "shell.env": async (given, output) => {
      await environment(given);
      try {
        mark(given, output);
      } catch {
        dropped += 1;
      }
    },
    "chat.message": hook("chat.message"),
    "chat.params": hook("chat.params", (given, output) => ({ input: chat(given), output })),
    "chat.headers": hook("chat.headers", (given, output) => ({
      input: chat(given),
      names: Object.keys(fields(fields(output).headers)),
    })),
    "permission.ask": hook("permission.ask"),
    "command.execute.before": hook("command.execute.before"),
    "tool.execute.before": hook("tool.execute.before"),
    "tool.execute.after": hook("tool.execute.after"),
    "tool.definition": hook("tool.definition", undefined, "toolID"),
    "experimental.chat.messages.transform": hook(
      "experimental.chat.messages.transform",
      (_, output) => ({ messages: (fields(output).messages as unknown[]).length }),
    ),
    "experimental.chat.system.transform": hook(
      "experimental.chat.system.transform",
      (given, output) => ({ input: { sessionID: fields(given).sessionID }, output }),
      "sessionID",
    ),
    "experimental.session.compacting": hook("experimental.session.compacting"),
    "experimental.compaction.autocontinue": hook(
      "experimental.compaction.autocontinue",
      (given, output) => ({ input: chat(given), output }),
    ),
    "experimental.text.complete": hook("experimental.text.complete"),
  };
}

const plugin: PluginModule = { id: "mas-safe-security", server };
export default plugin;
