import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AgentReading } from "../../src/agents/agent.js";
import { opencode } from "../../src/agents/opencode.js";
import { NativeEvent } from "../../src/record/native-events.js";

const { initial, fold } = opencode.reading;

/** Lines that the plugin wrote under OpenCode 1.18.33 with a scripted model, noise left out. */
function recorded(name: string): NativeEvent[] {
  const text = readFileSync(new URL(`./recorded/${name}.jsonl`, import.meta.url), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => NativeEvent.parse(JSON.parse(line)));
}

const read = (events: NativeEvent[]): AgentReading => events.reduce(fold, initial);

function event(type: string, properties: unknown): NativeEvent {
  const data = { id: "evt_1", type, properties };
  return { seq: 1, time: "2026-11-21T09:45:58.120Z", run_id: null, hook: "event", type, data };
}

const created = (sessionID: string, parentID?: string) =>
  event("session.created", { sessionID, info: { id: sessionID, parentID } });

const ROOT = "ses_e0283845affehijF8mvbfg2a9F";

describe("the reading of recorded runs", () => {
  it("sees the root session, and that it is idle in the end", () => {
    const reading = read(recorded("tools"));
    expect(reading.sessionId).toMatch(/^ses_/);
    expect(reading).toMatchObject({ idle: true, lastError: null });
  });

  it("gives each call one id in tool.execute.before, shell.env and the message's part", () => {
    const events = recorded("tools");
    const calls = (wanted: (e: NativeEvent) => boolean) =>
      new Set(events.filter(wanted).map((each) => each.call_id));
    const parts = calls((each) => each.type === "message.part.updated");
    expect(parts.size).toBe(7);
    expect(calls((each) => each.hook === "tool.execute.before")).toEqual(parts);
    const shells = calls((each) => each.hook === "shell.env");
    expect(shells.size).toBe(2);
    expect([...shells].every((id) => parts.has(id))).toBe(true);
  });

  it("keeps an error that the session ended in", () => {
    const reading = read(recorded("refused"));
    expect(reading).toMatchObject({ idle: true, lastError: "APIError (HTTP 400): boom 400" });
  });

  it("tells a retry while it lasts, and forgets it when the model answers", () => {
    const events = recorded("retried");
    const retry = events.findIndex((each) => JSON.stringify(each.data).includes('"retry"'));
    expect(read(events.slice(0, retry + 1)).retrying).toBe("attempt 1: boom 500");
    expect(read(events)).toMatchObject({ idle: true, lastError: null, retrying: null });
  });

  it("takes the first session for the root, and a subagent's idling for nothing", () => {
    const events = recorded("subagent");
    const first = events.find((each) => each.type === "session.created");
    const firstIdle = events.findIndex((each) => each.type === "session.idle");
    expect(events[firstIdle]?.session_id).not.toBe(first?.session_id);
    expect(read(events.slice(0, firstIdle + 1)).idle).toBe(false);
    expect(read(events)).toMatchObject({ sessionId: first?.session_id, idle: true });
  });
});

describe("the fold", () => {
  it("changes no earlier reading", () => {
    const before = read([created(ROOT)]);
    fold(before, event("session.idle", { sessionID: ROOT }));
    expect(before).toMatchObject({ events: 1, idle: false });
    expect(initial).toMatchObject({ events: 0, sessionId: null });
  });

  it("is busy again after an idle moment", () => {
    const busy = event("session.status", { sessionID: ROOT, status: { type: "busy" } });
    const idle = event("session.idle", { sessionID: ROOT });
    expect(read([created(ROOT), idle, busy]).idle).toBe(false);
  });

  it("lets a completed reply make an error good, and no unfinished one", () => {
    const failed = event("session.error", { sessionID: ROOT, error: { name: "APIError" } });
    const reply = (finish?: string) =>
      event("message.updated", {
        sessionID: ROOT,
        info: { role: "assistant", finish, time: { created: 1, completed: finish && 2 } },
      });
    expect(read([created(ROOT), failed, reply()]).lastError).toBe("APIError");
    expect(read([created(ROOT), failed, reply("stop")]).lastError).toBe(null);
  });

  it("reads an error without a session as the root's", () => {
    const error = { name: "ConfigError", data: { message: "line one\nline\ttwo \u001b[31m" } };
    const reading = read([created(ROOT), event("session.error", { error })]);
    expect(reading.lastError).toBe("ConfigError: line one line two [31m");
  });

  it("takes no session id that could be read as an option or a path", () => {
    expect(read([created("--help"), created("../x"), created("ses_a b")]).sessionId).toBe(null);
    expect(read([created("--help"), created(ROOT)]).sessionId).toBe(ROOT);
    expect(read([created(ROOT, "ses_parent")]).sessionId).toBe(null);
  });

  it("never throws, and counts every event, whatever the events hold", () => {
    const types = ["session.created", "session.status", "session.error", "message.updated"];
    const type = fc.oneof(fc.constantFrom(...types, "message.part.updated"), fc.string());
    const properties = fc.record(
      {
        sessionID: fc.oneof(fc.constant(ROOT), fc.anything()),
        info: fc.anything(),
        part: fc.oneof(fc.record({ type: fc.constant("tool"), callID: fc.string() })),
        status: fc.record({ type: fc.constantFrom("idle", "retry"), message: fc.anything() }),
        error: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(type, fc.oneof(properties, fc.anything()))), (all) => {
        const reading = read(all.map(([name, value]) => event(name, value)));
        expect(reading.events).toBe(all.length);
        expect((reading.lastError ?? "").length).toBeLessThanOrEqual(501);
      }),
    );
  });
});
