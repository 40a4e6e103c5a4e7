import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hooks, PluginInput } from "@opencode-ai/plugin";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NativeEvent } from "../../src/record/native-events.js";

type Call = (input?: unknown, output?: unknown) => Promise<void>;

let capture: string;
let events: string;

beforeEach(() => {
  capture = mkdtempSync(join(tmpdir(), "plugin-"));
  events = join(capture, "events", "opencode_events.jsonl");
  vi.stubEnv("MAS_CAPTURE_DIR", capture);
  vi.stubEnv("MAS_RUN_ID", "20261121T053112384Z-example");
  vi.stubEnv("MAS_ISSUE_ID", "example");
  vi.resetModules();
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(capture, { recursive: true, force: true });
});

/** The hooks of a plugin loaded afresh, each callable with anything. */
async function load(): Promise<Record<keyof Hooks, Call>> {
  const { default: plugin } = await import("../../plugins/mas_safe_security.js");
  const input = { directory: "/workspace", worktree: "/workspace" } as PluginInput;
  return (await plugin.server(input)) as unknown as Record<keyof Hooks, Call>;
}

const lines = () =>
  readFileSync(events, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => NativeEvent.parse(JSON.parse(line)));

const last = () => lines().at(-1);

const edited = (file: unknown) => ({
  event: { id: "evt_1", type: "file.edited", properties: { file } },
});

describe("what it writes", () => {
  it("is one line a call, in order, with run, time, session and call", async () => {
    const hooks = await load();
    const part = { type: "tool", sessionID: "ses_1", callID: "call_1", state: {} };
    await hooks.event({ event: { type: "message.part.updated", properties: { part } } });
    await hooks["tool.execute.before"](
      { tool: "bash", sessionID: "ses_1", callID: "call_1" },
      { args: { command: "ls" } },
    );
    const tool = { messageID: "msg_1", callID: "call_2" };
    await hooks.event({ event: { type: "permission.asked", properties: { tool } } });
    await hooks.dispose();
    expect(lines().map(({ seq, hook, type, call_id }) => [seq, hook, type, call_id])).toEqual([
      [1, "plugin.loaded", "plugin.loaded", null],
      [2, "event", "message.part.updated", "call_1"],
      [3, "tool.execute.before", "tool.execute.before", "call_1"],
      [4, "event", "permission.asked", "call_2"],
      [5, "dispose", "dispose", null],
    ]);
    expect(lines()[2]).toMatchObject({
      run_id: "20261121T053112384Z-example",
      issue_id: "example",
      session_id: "ses_1",
      data: { output: { args: { command: "ls" } } },
    });
    expect(new Date(lines()[2]?.time ?? "").toISOString()).toBe(lines()[2]?.time);
  });

  it("has a hook for every one that OpenCode calls, and none that would change its work", async () => {
    expect(Object.keys(await load()).sort()).toEqual([
      "chat.headers",
      "chat.message",
      "chat.params",
      "command.execute.before",
      "config",
      "dispose",
      "event",
      "experimental.chat.messages.transform",
      "experimental.chat.system.transform",
      "experimental.compaction.autocontinue",
      "experimental.session.compacting",
      "experimental.text.complete",
      "permission.ask",
      "shell.env",
      "tool.definition",
      "tool.execute.after",
      "tool.execute.before",
    ]);
  });

  it("marks the shell's environment, and changes no other output", async () => {
    const hooks = await load();
    const output = { env: { KEPT: "yes" } };
    await hooks["shell.env"]({ cwd: "/", sessionID: "ses_1", callID: "call_1" }, output);
    expect(output.env).toEqual({
      KEPT: "yes",
      MAS_RUN_ID: "20261121T053112384Z-example",
      MAS_ISSUE_ID: "example",
      MAS_CAPTURE_DIR: capture,
      MAS_CALL_ID: "call_1",
      MAS_SESSION_ID: "ses_1",
    });
    const apart = { env: {} };
    await hooks["shell.env"]({ cwd: "/" }, apart);
    expect(Object.keys(apart.env)).not.toContain("MAS_CALL_ID");
    const args = { args: { command: "ls" } };
    await hooks["tool.execute.before"]({ tool: "bash" }, args);
    expect(args).toEqual({ args: { command: "ls" } });
  });

  it("repeats a tool's definition only when it changed", async () => {
    const hooks = await load();
    const define = hooks["tool.definition"];
    for (const description of ["a", "a", "b"])
      await define({ toolID: "bash" }, { description, parameters: {} });
    await define({ toolID: "read" }, { description: "b", parameters: {} });
    expect(lines().filter((line) => line.hook === "tool.definition")).toHaveLength(3);
    expect(lines().map((line) => line.seq)).toEqual([1, 2, 3, 4]);
  });

  it("holds no secret that has the name of one", async () => {
    const hooks = await load();
    const secret = "sk-very-secret";
    const options = { apiKey: secret, headers: { Authorization: `Bearer ${secret}` } };
    await hooks.config({ provider: { p: { options } }, mcp: { m: { client_secret: secret } } });
    const about = { sessionID: "ses_1", model: {}, provider: { info: { key: secret }, options } };
    await hooks["chat.headers"](about, { headers: { "x-odd-name": secret } });
    await hooks["chat.params"](about, { options: { access_token: secret }, maxOutputTokens: 1 });
    const text = readFileSync(events, "utf8");
    expect(text).not.toContain(secret);
    expect(text).toContain("x-odd-name");
    expect(text).toContain('"maxOutputTokens":1');
  });
});

describe("what it bounds", () => {
  it("cuts a long text and says so", async () => {
    const hooks = await load();
    await hooks.event(edited("x".repeat(100_000)));
    expect(last()?.truncated).toBe(true);
    expect(JSON.stringify(last()?.data)).toContain("34464 characters cut");
  });

  it("keeps the structure of a line that is too long, so that a call's end is still seen", async () => {
    const hooks = await load();
    const state = Object.fromEntries("abcdefgh".split("").map((key) => [key, "é".repeat(90_000)]));
    const part = { type: "tool", callID: "call_1", state: { status: "completed", ...state } };
    await hooks.event({ event: { type: "message.part.updated", properties: { part } } });
    expect(last()).toMatchObject({
      truncated: true,
      call_id: "call_1",
      data: { properties: { part: { state: { status: "completed" } } } },
    });
    expect(statSync(events).size).toBeLessThan(256 * 1024 + 1024);
  });

  it("keeps the head of a line that no cut makes short", async () => {
    const hooks = await load();
    await hooks.event(edited(Array.from({ length: 15_000 }, (_, n) => `${n}`.padEnd(100))));
    expect(last()).toMatchObject({ truncated: true, type: "file.edited" });
    expect(last()?.data).toMatchObject({ omitted_characters: expect.any(Number) });
    expect(statSync(events).size).toBeLessThan(256 * 1024);
  });

  it("stops at 64 MB with one last line that says so", async () => {
    mkdirSync(join(capture, "events"));
    writeFileSync(events, "");
    truncateSync(events, 64 * 1024 * 1024 - 4096);
    const hooks = await load();
    for (let n = 0; n < 50; n += 1) await hooks.event(edited("x".repeat(500)));
    expect(statSync(events).size).toBeLessThanOrEqual(64 * 1024 * 1024);
    const tail = readFileSync(events, "latin1").trimEnd().split("\n");
    expect(JSON.parse(tail.at(-1) ?? "")).toMatchObject({ type: "capture.truncated" });
    expect(tail.filter((line) => line.includes("capture.truncated"))).toHaveLength(1);
  });

  it("is done with a huge structure in a moment", async () => {
    const hooks = await load();
    let deep: unknown = "end";
    for (let n = 0; n < 50_000; n += 1) deep = { deep };
    const wide = Object.fromEntries(Array.from({ length: 200_000 }, (_, n) => [`k${n}`, { n }]));
    const before = process.cpuUsage();
    await hooks.event(edited(deep));
    await hooks.event(edited(wide));
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(2000);
    expect(
      lines()
        .slice(1)
        .every((line) => line.truncated),
    ).toBe(true);
  });
});

describe("what it withstands", () => {
  it("is data that JSON cannot hold", async () => {
    const hooks = await load();
    const circle: Record<string, unknown> = { n: 1n, f: () => 1, s: Symbol("s"), u: undefined };
    circle.self = circle;
    circle.map = new Map([["a", new Set([1])]]);
    circle.bytes = Buffer.alloc(1_000_000);
    circle.error = new Error("bad");
    circle.not = [Number.NaN, Number.POSITIVE_INFINITY];
    circle.twice = [{ a: 1 }].flatMap((same) => [same, same]);
    await hooks.event(edited(circle));
    expect(last()).toMatchObject({
      data: {
        properties: {
          file: {
            n: "1",
            f: "[function]",
            s: "[symbol]",
            self: "[circular]",
            map: [["a", [1]]],
            bytes: "[1000000 bytes]",
            error: { name: "Error", message: "bad" },
            twice: [{ a: 1 }, { a: 1 }],
          },
        },
      },
    });
  });

  it("is data that throws when looked at", async () => {
    const hooks = await load();
    const fail = () => {
      throw new Error("no");
    };
    const getter = Object.defineProperty({ fine: 1 }, "bad", { get: fail, enumerable: true });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    await hooks.event(edited({ getter, proxy, json: { toJSON: fail } }));
    const file = { getter: { fine: 1, bad: "[unreadable]" }, proxy: "[unreadable]" };
    expect(last()?.data).toMatchObject({ properties: { file } });
    for (const call of Object.values(hooks)) {
      for (const input of [undefined, null, 7, "text", proxy, { event: proxy }, getter]) {
        await call(input, undefined);
        await call(input, proxy);
      }
    }
  });

  it("are names that mean something to JavaScript", async () => {
    const hooks = await load();
    await hooks.event(edited(JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3}')));
    expect(readFileSync(events, "utf8")).toContain(
      '{"__proto__":{"a":1},"constructor":2,"toString":3}',
    );
  });

  it("is a folder that is not there: it makes it", async () => {
    const nested = join(capture, "not", "there");
    vi.stubEnv("MAS_CAPTURE_DIR", nested);
    await load();
    expect(existsSync(join(nested, "events", "opencode_events.jsonl"))).toBe(true);
  });

  it("is a place that cannot be written: it drops, counts, and goes on", async () => {
    writeFileSync(join(capture, "events"), "a file stands where the folder should be");
    const hooks = await load();
    await hooks.event(edited("a"));
    const output = { env: {} as Record<string, string> };
    await hooks["shell.env"]({ cwd: "/", callID: "call_1" }, output);
    expect(output.env.MAS_CALL_ID).toBe("call_1");
    rmSync(join(capture, "events"));
    await hooks.event(edited("b"));
    expect(last()).toMatchObject({ seq: 4, dropped: 3 });
  });
});
