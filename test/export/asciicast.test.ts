import { describe, expect, it } from "vitest";
import { drawable } from "../../src/export/asciicast.js";
import { RunFile, runFile } from "../../src/record/directory.js";
import { readJson } from "../../src/record/read.js";
import { RunRecord } from "../../src/record/run.js";
import { writeJson } from "../../src/record/write.js";
import { temporaryFolder } from "../folder.js";
import { exported, GOLDEN, jsonLines } from "./exported.js";
import { hostileRun } from "./runs.js";

const eventsOf = async (directory: string) =>
  jsonLines(await exported(directory, "asciicast")).slice(1) as [number, string, string][];

describe("the recording", () => {
  it("plays both streams, marks the run's life, and ends with the exit code", async () => {
    const events = await eventsOf(GOLDEN);
    expect(events[0]).toEqual([expect.any(Number), "m", "phase prepare"]);
    expect(events.filter(([, code]) => code === "o").length).toBeGreaterThan(7);
    expect(events).toContainEqual([
      expect.any(Number),
      "o",
      "\u001b[0m$ \u001b[0mnpm install --offline --no-audit --no-fund ./vendor/spark-chart\r\n",
    ]);
    expect(events.at(-1)).toEqual([expect.any(Number), "x", "0"]);
  });

  it("lasts as long as the run", async () => {
    const total = (await eventsOf(GOLDEN)).reduce((sum, [interval]) => sum + interval, 0);
    const { started_at, ended_at } = await readJson(runFile(GOLDEN, RunFile.run), RunRecord);
    // The header counts in whole seconds.
    const start = Math.floor(Date.parse(started_at) / 1000);
    expect(total).toBeCloseTo(Date.parse(ended_at ?? "") / 1000 - start, 3);
  });

  it("has no time before 1970 and no exit code below 0, whatever the record says", async () => {
    const directory = temporaryFolder();
    const run = await readJson(runFile(GOLDEN, RunFile.run), RunRecord);
    const forged = { ...run, started_at: "0001-01-01T00:00:00.000Z", exit_code: -9 };
    await writeJson(runFile(directory, RunFile.run), RunRecord, forged);
    const [header, ...events] = jsonLines(await exported(directory, "asciicast"));
    expect(header).toMatchObject({ version: 3, timestamp: 0 });
    expect(events).toEqual([]);
  });

  it("cuts a giant line and passes over what is no line of the log", async () => {
    const events = await eventsOf(await hostileRun(temporaryFolder()));
    const giant = events.find(([, , data]) => data.startsWith("yyy"));
    expect(giant?.[2]).toMatch(/ \[\d+ bytes left out\]\r\n$/);
    expect(events.some(([, , data]) => data.includes("no such line"))).toBe(false);
    expect(events.every(([interval]) => interval >= 0)).toBe(true);
  });
});

describe("drawable text", () => {
  it("keeps colours, line erasing, tabs and carriage returns", () => {
    const text = "\u001b[1;38;2;1;2;3mhi\u001b[0m\r50%\u001b[K\t\b";
    expect(drawable(text)).toBe(text);
  });

  it.each([
    ["the clipboard", "\u001b]52;c;cm0=\u0007", "\u241b]52;c;cm0=\u2407"],
    ["a question to the terminal", "\u001b[6n", "\u241b[6n"],
    ["the alternate screen", "\u001b[?1049h", "\u241b[?1049h"],
    ["a control of eight bits", "\u009b6n", "\ufffd6n"],
    ["a torn sequence", "\u001b[31", "\u241b[31"],
    ["marks of direction", "a\u202eb", "a\ufffdb"],
    ["a line break", "a\nb", "a\u240ab"],
  ])("shows %s instead of obeying it", (_, text, shown) => {
    expect(drawable(text)).toBe(shown);
  });
});
