import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closeInterrupted } from "../../src/capture/recover.js";
import { FORMAT } from "../../src/record/coverage.js";
import { RunFile, runFile } from "../../src/record/directory.js";
import { openRun } from "../../src/record/open-run.js";
import { readJson } from "../../src/record/read.js";
import { notEnded, RunRecord } from "../../src/record/run.js";
import { writeJson } from "../../src/record/write.js";
import { type Owner, self } from "../../src/sandbox/owner.js";
import { scratchForEach } from "./room.js";

const folder = scratchForEach();

const dead = { ...self(), started: "1" };

async function leave(name: string, owner: Owner): Promise<string> {
  const directory = join(folder.path, name);
  await openRun(directory, {
    format: FORMAT,
    run_id: name,
    issue_id: "x",
    risk_level: "safe",
    title: "X",
    agent: { name: "opencode", version: null, command: [] },
    model: "scripted/demo",
    model_source: "scripted",
    image: { ref: "x", id: null },
    sandbox: { engine: null, network: "model-only", memory_bytes: 1, cpus: 1, pids: 1, user: null },
    owner: { ...owner },
    started_at: new Date().toISOString(),
    ...notEnded(),
  });
  mkdirSync(join(directory, "workspace"));
  writeFileSync(join(directory, "workspace/file"), "x");
  return directory;
}

test("closes what a dead supervisor left, once, and nothing of a living one", async () => {
  const left = await leave("dead", dead);
  const living = await leave("living", self());
  expect(await closeInterrupted(folder.path)).toEqual([left]);
  const record = await readJson(runFile(left, RunFile.run), RunRecord);
  expect(record).toMatchObject({ run_status: "interrupted", capture_valid: false });
  expect(record.capture_problems).toHaveLength(3);
  expect(existsSync(join(left, "workspace"))).toBe(false);
  expect(existsSync(runFile(left, RunFile.manifest))).toBe(true);
  expect((await readJson(runFile(living, RunFile.run), RunRecord)).run_status).toBeNull();
  expect(await closeInterrupted(folder.path)).toEqual([]);
});

test("a run whose observations were written is valid all the same", async () => {
  const left = await leave("written", dead);
  for (const file of [RunFile.processes, RunFile.files, RunFile.network]) {
    writeFileSync(runFile(left, file), "{}");
  }
  await closeInterrupted(folder.path);
  expect(await readJson(runFile(left, RunFile.run), RunRecord)).toMatchObject({
    run_status: "interrupted",
    capture_valid: true,
    capture_problems: [],
  });
});

test("gives a run that had ended the seal that its supervisor did not live to make", async () => {
  const left = await leave("ended", dead);
  const living = await leave("ending", self());
  for (const directory of [left, living]) {
    const record = await readJson(runFile(directory, RunFile.run), RunRecord);
    const ended = { ...record, run_status: "succeeded" as const, run_status_reason: "it ended" };
    await writeJson(runFile(directory, RunFile.run), RunRecord, ended);
  }
  expect(await closeInterrupted(folder.path)).toEqual([]);
  expect(existsSync(runFile(left, RunFile.manifest))).toBe(true);
  expect(existsSync(join(left, "meta/.reserve"))).toBe(false);
  expect(existsSync(runFile(living, RunFile.manifest))).toBe(false);
  const record = await readJson(runFile(left, RunFile.run), RunRecord);
  expect(record.run_status).toBe("succeeded");
});

test("leaves alone what is no run directory, and does not mind a missing folder", async () => {
  mkdirSync(join(folder.path, "other"));
  mkdirSync(join(folder.path, "broken/meta"), { recursive: true });
  writeFileSync(join(folder.path, "broken/meta/run.json"), "{");
  expect(await closeInterrupted(folder.path)).toEqual([]);
  expect(await closeInterrupted(join(folder.path, "nowhere"))).toEqual([]);
});
