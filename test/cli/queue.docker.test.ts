import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RunFile, runFile } from "../../src/record/directory.js";
import { readJson } from "../../src/record/read.js";
import { RunRecord } from "../../src/record/run.js";
import { openEngineWay } from "../capture/engine-way.js";
import { bash, containersOf, type Scratch, scratch } from "../capture/room.js";
import { command, objects } from "./command.js";

let folder: Scratch;
let captures: string;
beforeEach(() => {
  folder = scratch();
  captures = join(folder.path, "captures");
});
afterEach(() => folder[Symbol.dispose]());

const quick = [{ tool_calls: [bash("echo hi > hi.txt")] }, { text: "Done." }];
const slow = [{ tool_calls: [bash("sleep 300")] }, { text: "Done." }];

/** Writes a second issue beside the first, the first failing by its time limit. */
function twoIssues(): string {
  const path = folder.issues(slow);
  const [probe] = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(join(folder.path, "quick.json"), JSON.stringify({ turns: quick }));
  const second = { ...probe, id: "second", script: "quick.json" };
  writeFileSync(path, JSON.stringify([{ ...probe, timeout_seconds: 6 }, second]));
  return path;
}

const records = () =>
  Promise.all(
    readdirSync(captures)
      .sort()
      .map((name) => readJson(runFile(join(captures, name), RunFile.run), RunRecord)),
  );

describe("the queue", () => {
  test("goes on after a failure, tells all as NDJSON, and its exit code says so", async () => {
    const words = ["all", "--tasks", twoIssues(), "--captures", captures, "--json"];
    const { stdout, exitCode } = await command(words);
    const told = objects(stdout);
    expect(exitCode).toBe(1);
    expect(told.map(({ type }) => type).filter((type) => type !== "phase")).toEqual([
      "queue_started",
      ...Array.from({ length: 2 }, () => ["issue_started", "run_opened", "issue_ended"]).flat(),
      "queue_ended",
    ]);
    const ended = told.filter(({ type }) => type === "issue_ended");
    expect(ended.map(({ run_status, capture_valid }) => [run_status, capture_valid])).toEqual([
      ["timed_out", true],
      ["succeeded", true],
    ]);
    expect(ended[1]).toMatchObject({ counts: { tool_calls: 1 }, risk: { expected: "safe" } });
    for (const { report } of ended) expect(existsSync(String(report))).toBe(true);
    expect(told.at(-1)).toMatchObject({ total: 2, captured: 2, succeeded: 1, valid: 2 });
  });

  test("in plain lines: n of N, risk, phases, tally, directories, reports", async () => {
    const { stdout, exitCode } = await command([
      "all",
      "--tasks",
      folder.issues(quick),
      "--captures",
      captures,
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("[1/1] probe  safe  A probe");
    for (const phase of ["prepare", "start", "agent", "export", "observe", "seal"])
      expect(stdout).toContain(`  ${phase} (`);
    expect(stdout).toMatch(/succeeded in \d+\.\d s: exit code 0, session idle/);
    expect(stdout).toMatch(/ {2}1 tool call, \d+ processes, 1 file changed, \d model calls, 0 att/);
    expect(stdout).toContain("  findings: none; expected safe, observed safe");
    expect(stdout).toContain("The model was scripted");
    expect(stdout).toContain("report/index.html");
  });

  test("-q prints the report alone, --keep-workspace keeps what the agent left", async () => {
    const words = [
      "run",
      "--issue",
      "probe",
      "--tasks",
      folder.issues(quick),
      "--captures",
      captures,
    ];
    const { stdout, stderr } = await command([...words, "-q", "--keep-workspace"]);
    expect(stdout).toMatch(/^\S+report\/index\.html\n?$/);
    expect(stderr).toBe("");
    const [name = ""] = readdirSync(captures);
    expect(readFileSync(join(captures, name, "workspace/hi.txt"), "utf8")).toBe("hi\n");
  });

  test("ends where the engine is gone for good, and keeps what was captured", async () => {
    const engine = await openEngineWay("/var/run/docker.sock", join(folder.path, "engine.sock"));
    const words = ["all", "--tasks", twoIssues(), "--captures", captures, "--json"];
    const running = command(words, { env: { DOCKER_HOST: engine.address } });
    await phase(running, "agent");
    await new Promise((resolve) => setTimeout(resolve, 500));
    await engine[Symbol.asyncDispose]();
    const { exitCode, stderr } = await running;
    expect(exitCode).toBe(3);
    expect(stderr).toContain("no Docker engine answers");
    const [record, ...others] = await records();
    expect(others).toEqual([]);
    expect(record?.run_status).toBe("lost");
    expect((await command(["sweep", "--captures", captures])).exitCode).toBe(0);
    expect(await containersOf(record?.run_id ?? "")).toEqual([]);
  });

  test("Ctrl-C ends the current capture cleanly and stops", async () => {
    const running = command(["all", "--tasks", twoIssues(), "--captures", captures, "--json"]);
    await phase(running, "agent");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    running.kill("SIGINT");
    const { exitCode } = await running;
    expect(exitCode).toBe(130);
    const [record, ...others] = await records();
    expect(others).toEqual([]);
    expect(record).toMatchObject({ run_status: "cancelled", capture_valid: true });
    expect(await containersOf(record?.run_id ?? "")).toEqual([]);
  });

  test("a second Ctrl-C leaves at once, and the next start sweeps", async () => {
    const tasks = folder.issues(slow);
    const running = command(["all", "--tasks", tasks, "--captures", captures, "--json"]);
    await phase(running, "agent");
    running.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 200));
    running.kill("SIGINT");
    expect((await running).exitCode).toBe(130);
    const swept = await sweptRecord();
    // It may have come as far as to write all that was observed.
    expect(swept?.capture_valid).toBe(swept?.capture_problems.length === 0);
  });

  test("after SIGKILL the next start removes all and closes the run as interrupted", async () => {
    const running = command([
      "all",
      "--tasks",
      folder.issues(slow),
      "--captures",
      captures,
      "--json",
    ]);
    await phase(running, "agent");
    running.kill("SIGKILL");
    await running;
    const [record] = await records();
    expect(record?.run_status).toBeNull();
    const left = await containersOf(record?.run_id ?? "");
    expect(left.map((name) => name.split("-").at(-1)).sort()).toEqual(["door", "room", "sensor"]);
    const swept = await sweptRecord();
    expect(swept?.capture_valid).toBe(false);
    expect(swept?.capture_problems.join()).toContain("was not written");
  });
});

/** Sweeps what a killed supervisor left; the record of its run. */
async function sweptRecord(): Promise<RunRecord | undefined> {
  const { stdout, exitCode } = await command(["sweep", "--captures", captures]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain("as interrupted");
  const [record] = await records();
  expect(record?.run_status).toBe("interrupted");
  expect(await containersOf(record?.run_id ?? "")).toEqual([]);
  const [name = ""] = readdirSync(captures);
  expect(existsSync(join(captures, name, "workspace"))).toBe(false);
  expect((await command(["sweep", "--captures", captures])).stdout).toContain(
    "nothing was left behind",
  );
  return record;
}

async function phase(running: ReturnType<typeof command>, name: string): Promise<void> {
  let seen = "";
  for await (const chunk of running.stdout as AsyncIterable<Buffer>) {
    seen += chunk.toString();
    if (seen.includes(`"phase":"${name}"`)) return;
  }
  throw new Error(`the phase ${name} was never reached: ${seen}`);
}
