import { mkdirSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { type LookedOn, removeLive, tellLive } from "../../src/capture/live.js";
import { newest, spread } from "../../src/capture/live-text.js";
import { RunFile, runFile } from "../../src/record/directory.js";
import { FsDiff } from "../../src/record/files.js";
import { LiveObservation } from "../../src/record/live.js";
import { NetworkObservation } from "../../src/record/network.js";
import { ProcessTree } from "../../src/record/processes.js";
import { readJson } from "../../src/record/read.js";
import { ResourceUse } from "../../src/record/resources.js";
import { temporaryFolder } from "../folder.js";

const GOLDEN = fileURLToPath(new URL("../golden/run", import.meta.url));

/** What a run has seen so far: the golden run's facts, each so many times. */
async function seen(times: number): Promise<LookedOn> {
  const read = <T extends Parameters<typeof readJson>[1]>(file: RunFile, schema: T) =>
    readJson(runFile(GOLDEN, file), schema);
  const [tree, diff] = [
    await read(RunFile.processes, ProcessTree),
    await read(RunFile.files, FsDiff),
  ];
  const network = await read(RunFile.network, NetworkObservation);
  const { limits, peak, samples } = await read(RunFile.resources, ResourceUse);
  const many = <T>(items: readonly T[]): T[] =>
    Array.from({ length: times }, (_, n) => ({ ...(items[n % items.length] as T) }));
  const processes = many(tree.processes).map((one, n) => ({ ...one, key: `${n}-1` }));
  const changes = {
    ...{ workspace: many(diff.workspace), system: [] },
    ...{ omitted: 3, blind_spots: ["some were missed"] },
  };
  return {
    ...{ method: "kernel", policy: "nothing" },
    processes: { soFar: () => processes },
    network: { soFar: () => ({ connections: many(network.connections), names: network.names }) },
    resources: { soFar: () => ({ limits, peak, samples: many(samples) }) },
    changes: { soFar: () => changes },
  };
}

it("a snapshot of a long run is no longer than its bound, and says what it leaves out", async () => {
  const directory = temporaryFolder();
  const path = runFile(directory, RunFile.live);
  mkdirSync(dirname(path));
  const watched = await seen(20_000);
  const [first] = watched.processes.soFar();
  if (first !== undefined) Object.assign(first, { argv: ["x".repeat(10_000_000)] });
  await using _telling = tellLive(directory, watched);
  await expect.poll(() => stat(path).catch(() => null), { timeout: 5_000 }).not.toBeNull();
  const live = LiveObservation.parse(JSON.parse(await readFile(path, "utf8")));
  expect((await stat(path)).size).toBeLessThan(1_500_000);
  const { processes, files, network, resources } = live;
  expect(processes.processes.at(-1)?.key).toBe("19999-1");
  expect(processes.processes.length + (processes.omitted ?? 0)).toBe(20_000);
  expect((files?.workspace.length ?? 0) + (files?.totals.omitted ?? 0)).toBe(20_003);
  expect((network?.connections.length ?? 0) + (network?.omitted ?? 0)).toBe(20_000);
  expect(resources?.samples.length).toBeLessThanOrEqual(500);
  expect(network?.coverage.blind_spots.join()).toContain("the run had not ended");
});

it("a snapshot is made when something was seen, and removed at the end", async () => {
  const directory = temporaryFolder();
  const path = runFile(directory, RunFile.live);
  mkdirSync(dirname(path));
  const watched = await seen(3);
  const read = () => readJson(path, LiveObservation).catch(() => null);
  {
    await using _telling = tellLive(directory, watched);
    await expect.poll(read).not.toBeNull();
    const { ino } = await stat(path);
    await new Promise((resolve) => setTimeout(resolve, 400));
    // Nothing but new samples: told once a second.
    expect((await stat(path)).ino).toBe(ino);
    const [one] = watched.processes.soFar();
    Object.assign(one ?? {}, { exit_code: 7 });
    await expect.poll(async () => (await read())?.processes.processes[0]?.exit_code).toBe(7);
  }
  await removeLive(directory);
  expect(await read()).toBeNull();
});

it("the newest of a list are told as far as they fit", () => {
  expect(newest([1, 2, 3], 2, 100)).toEqual({ text: "[2,3]", omitted: 1 });
  expect(newest([1, 2, "x".repeat(90), 3], 9, 100)).toEqual({ text: "[1,2,3]", omitted: 1 });
  expect(newest(Array(99).fill(12345678901), 99, 100).omitted).toBe(90);
  expect(newest([], 9, 100)).toEqual({ text: "[]", omitted: 0 });
  const numbers = Array.from({ length: 10 }, (_, n) => n);
  expect(spread(numbers, 4)).toEqual({ text: "[0,3,6,9]", omitted: 6 });
  expect(JSON.parse(spread(numbers, 3).text).at(-1)).toBe(9);
});
