import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { RunFile, runFile } from "../../src/record/directory.js";
import { FsDiff } from "../../src/record/files.js";
import { Issue } from "../../src/record/issue.js";
import { readJsonLines } from "../../src/record/lines.js";
import { ModelCall } from "../../src/record/model-calls.js";
import { NativeEvent } from "../../src/record/native-events.js";
import { NetworkObservation } from "../../src/record/network.js";
import { ProcessTree } from "../../src/record/processes.js";
import { readJson } from "../../src/record/read.js";
import { ResourceUse } from "../../src/record/resources.js";
import { RunRecord } from "../../src/record/run.js";
import { Summary } from "../../src/record/summary.js";
import { summarize } from "../../src/summary/summary.js";

const golden = fileURLToPath(new URL("../golden/run", import.meta.url));

describe("the golden run", () => {
  const whole: [RunFile, z.ZodType][] = [
    [RunFile.run, RunRecord],
    [RunFile.issue, Issue],
    [RunFile.processes, ProcessTree],
    [RunFile.files, FsDiff],
    [RunFile.network, NetworkObservation],
    [RunFile.resources, ResourceUse],
  ];
  it.each(whole)("%s is as its schema says", async (file, schema) => {
    await expect(readJson(runFile(golden, file), schema)).resolves.toBeDefined();
  });

  const lines: [RunFile, z.ZodType][] = [
    [RunFile.modelCalls, ModelCall],
    [RunFile.events, NativeEvent],
  ];
  it.each(lines)("each line of %s is as its schema says", async (file, schema) => {
    const read = await readJsonLines(runFile(golden, file), schema);
    expect(read.bad_lines).toBe(0);
    expect(read.lines.length).toBeGreaterThan(0);
  });

  it("folds into a summary that its schema takes, without problems", async () => {
    const summary = await summarize(golden);
    expect(Summary.parse(summary)).toEqual(summary);
    expect(summary.problems).toEqual([]);
    expect(summary.capture_valid).toBe(true);
  });

  it("accounts for every tool call, process and change", async () => {
    const summary = await summarize(golden);
    const tree = await readJson(runFile(golden, RunFile.processes), ProcessTree);
    const diff = await readJson(runFile(golden, RunFile.files), FsDiff);
    const claimed = summary.timeline.flatMap((call) => call.processes);
    const agents = tree.processes.filter(({ role }) => role !== "descendant").map(({ key }) => key);
    const accounted = [...claimed, ...summary.unattributed.processes, ...agents];
    expect(accounted.sort()).toEqual(tree.processes.map(({ key }) => key).sort());
    const changes = [
      ...summary.timeline.flatMap((call) => call.changes),
      ...summary.unattributed.changes,
    ];
    const paths = [...diff.workspace, ...diff.system].map(({ path }) => path);
    expect(new Set(changes.map(({ path }) => path))).toEqual(new Set(paths));
  });
});
