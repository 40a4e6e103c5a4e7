import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RunFile, runFile } from "../../src/record/directory.js";
import { ProcessTree } from "../../src/record/processes.js";
import { readJson } from "../../src/record/read.js";
import { ResourceUse } from "../../src/record/resources.js";
import { command, objects } from "../cli/command.js";
import { openEngineWay } from "./engine-way.js";
import { bash, captureIssue, containersOf, observed, place, scratchForEach } from "./room.js";

const folder = scratchForEach();

test("host pids hidden, and no kernel sensor: the same files, from the engine, with honest coverage", async () => {
  const { engine } = await place();
  const script = [
    { tool_calls: [bash("echo hi > hi.txt; echo x >> ~/.bashrc; sleep 2")] },
    { text: "Done." },
  ];
  const done = await captureIssue(folder.issues(script), folder.path, {
    engine: { ...engine, local: false },
    sensing: { method: "poll", reason: "as the test asks" },
  });
  expect(done.record).toMatchObject({
    run_status: "succeeded",
    capture_valid: true,
    capture_problems: [],
  });
  const { processes, files, network } = await observed(done);
  expect(processes.some(({ argv }) => argv.join(" ").includes("sleep 2"))).toBe(true);
  expect(processes.filter(({ role }) => role === "agent")).toHaveLength(1);
  expect(files.workspace.map(({ path }) => path)).toEqual(["hi.txt"]);
  expect(files.system.map(({ path }) => path)).toContain("/home/agent/.bashrc");
  expect(network.connections.some(({ purpose }) => purpose === "model")).toBe(true);
  const tree = await readJson(runFile(done.directory, RunFile.processes), ProcessTree);
  expect(tree.coverage.source).toContain("hidden");
  const use = await readJson(runFile(done.directory, RunFile.resources), ResourceUse);
  expect(use.coverage.source).toBe("the engine's counters");
  expect(use.peak.memory_bytes).toBeGreaterThan(0);
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 150; tries += 1) {
    if (
      await Promise.resolve()
        .then(holds)
        .catch(() => false)
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`it did not come about: ${holds}`);
}

test("the engine goes away in the middle: lost, sealed, and swept when it is back", async () => {
  const { engine } = await place();
  if (engine.socketPath === undefined) throw new Error("this test needs an engine on a socket");
  const way = await openEngineWay(engine.socketPath, join(folder.path, "engine.sock"));
  const captures = join(folder.path, "captures");
  const script = [{ tool_calls: [bash("echo begun > begun.txt; sleep 300")] }, { text: "Done." }];
  const words = [
    "run",
    "--issue",
    "probe",
    "--tasks",
    folder.issues(script),
    "--captures",
    captures,
  ];
  const running = command([...words, "--json"], { env: { DOCKER_HOST: way.address } });
  const directory = () => join(captures, readdirSync(captures)[0] ?? "");
  // The script's first words: the agent is in the middle of its call.
  await until(() => existsSync(join(directory(), "workspace/begun.txt")));
  await way[Symbol.asyncDispose]();
  const { exitCode, stdout } = await running;
  const ended = objects(stdout).find(({ type }) => type === "issue_ended");
  expect(ended).toMatchObject({ run_status: "lost", capture_valid: true });
  expect(exitCode).toBe(1);
  expect(existsSync(join(directory(), "workspace"))).toBe(false);

  const runId = String(ended?.["run_id"]);
  // The supervisor could not ask the engine, but nothing of the room runs on.
  const { docker } = engine;
  const filters = { label: [`opencode-capture.run=${runId}`], status: ["running"] };
  await until(async () => {
    const running = await docker.listContainers({ filters });
    return running.every(({ Names }) => !Names[0]?.endsWith("-room"));
  });
  expect((await command(["sweep", "--captures", captures])).exitCode).toBe(0);
  expect(await containersOf(runId)).toEqual([]);
});
