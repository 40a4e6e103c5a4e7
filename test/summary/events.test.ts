import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { RunFile, runFile } from "../../src/record/directory.js";
import { readJsonLines } from "../../src/record/lines.js";
import { NativeEvent } from "../../src/record/native-events.js";
import { holdEvents } from "../../src/summary/events.js";
import { fold } from "../../src/summary/fold.js";
import { readMaterial } from "../../src/summary/read.js";
import { EMPTY, event, toolPart } from "./material.js";

const GOLDEN = join(import.meta.dirname, "../golden/run");

/** Holds events as a reading does, each as long as its JSON. */
function held(events: readonly NativeEvent[]) {
  const holding = holdEvents();
  for (const one of events) holding.take(one, JSON.stringify(one).length);
  return holding.held();
}

describe("events that are held for the fold", () => {
  test("give the golden run's summary as the whole events do", async () => {
    const { lines } = await readJsonLines(runFile(GOLDEN, RunFile.events), NativeEvent);
    const { told: _, ...material } = await readMaterial(GOLDEN);
    const asRead = fold(await readMaterial(GOLDEN));
    expect(asRead).toEqual(fold({ ...material, events: lines }));
    expect(asRead.native.length).toBeGreaterThan(10);
  });

  test("keep what is shown and the last that was said of a running call, and nothing of noise", () => {
    const said = (input: number) =>
      event("message.updated", { info: { id: "m1", role: "assistant", tokens: { input } } });
    const events = [
      said(1),
      event("message.part.delta", { delta: "a" }),
      toolPart("c1", "bash", { status: "running", input: { command: "make" } }),
      toolPart("c1", "bash", { status: "running", input: { command: "make" }, title: "build" }),
      said(9),
      toolPart("c1", "bash", { status: "error", error: "no", time: { start: 1, end: 2 } }),
    ];
    const { events: kept, native, bare } = held(events);
    const shown = [events[0], ...events.slice(3)];
    expect(kept.map(({ seq, data }) => ({ seq, data }))).toEqual(
      shown.map((one) => ({ seq: one?.seq, data: one?.data })),
    );
    const told = { count: events.length, fold: native, altered: { shown: [], more: 0 } };
    const summary = fold({ ...EMPTY, events: kept, told });
    expect(summary).toEqual(fold({ ...EMPTY, events }));
    expect(summary.timeline).toMatchObject([{ title: "build", input: "make", status: "error" }]);
    expect(summary.tokens.native?.input).toBe(9);
    expect(bare).toBe(0);
  });

  test("are bounded, and each is counted", () => {
    const output = "x".repeat(1024 * 1024);
    const flood = Array.from({ length: 40 }, (_, n) =>
      toolPart(`c${n}`, "bash", { status: "completed", input: { command: "yes" }, output }),
    );
    const { events, bare } = held(flood);
    expect(events).toHaveLength(31);
    expect(bare).toBe(9);
  });

  test("hold no long texts in place of names", () => {
    const long = "y".repeat(1024 * 1024);
    const { events } = held([{ ...event(long, {}, long), run_id: long, hook: long, more: long }]);
    expect(JSON.stringify(events).length).toBeLessThan(2_000);
  });
});
