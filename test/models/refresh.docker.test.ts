import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askForModels } from "../../src/capture/list-models.js";
import { readModelList } from "../../src/models/list.js";
import { containersOf, place, type Scratch, scratch } from "../capture/room.js";
import { command, objects } from "../cli/command.js";
import { buildImage } from "../sandbox/build.js";
import { NOTHING } from "./pools.js";

const LIMITS = { memoryBytes: 1024 ** 3, cpus: 1, pids: 64 };

let home: Scratch;
beforeEach(() => {
  home = scratch();
});
afterEach(() => home[Symbol.dispose]());

test("refresh removes the room of one that was killed, keeps the list inside the binary, and status chooses from it", async () => {
  const env = { XDG_STATE_HOME: home.path };
  const killed = command(["models", "refresh"], { env });
  const rooms = () => containersOf(`models-${killed.pid}`);
  await expect.poll(rooms, { timeout: 30_000 }).toHaveLength(1);
  killed.kill("SIGKILL");
  await killed;
  const refreshed = await command(["models", "refresh", "--json"], { env });
  expect(refreshed.stderr).toContain(`removed opencode-capture-models-${killed.pid}-room, left by`);
  expect(await rooms()).toEqual([]);
  const [told] = objects(refreshed.stdout);
  const added = told?.["added"] as string[];
  expect(added).toContain("opencode/big-pickle");
  // Without a network and a key OpenCode knows its own free models alone.
  for (const model of added) expect(model).toMatch(/^opencode\/(.+-free|big-pickle)$/);
  expect(told).toMatchObject({ type: "models_refreshed", total: added.length, gone: [] });

  const { image } = await place();
  const file = join(home.path, "opencode-capture", "models.json");
  expect(JSON.parse(readFileSync(file, "utf8")).listed).toMatchObject({
    from: image.ref,
    models: added,
    prices: Object.fromEntries(added.map((model) => [model, NOTHING])),
  });
  const status = objects((await command(["models", "status", "--json"], { env })).stdout)[0];
  expect(status).toMatchObject({ usable: added.length, choice: { model: added[0], why: "free" } });
  expect(Number(status?.["age_ms"])).toBeLessThan(60_000);
});

test("a list that is longer than a pipe comes whole, with the prices that OpenCode knows", async () => {
  const { engine, image } = await place();
  const known = { api: "openai" as const, models: [], hasKey: true };
  const text = await askForModels({
    ...{ engine, imageId: image.id, foreign: false, bin: "opencode", limits: LIMITS },
    providers: { openrouter: known, opencode: known, lab: { ...known, models: ["unknown"] } },
    signal: new AbortController().signal,
  });
  expect(text.length).toBeGreaterThan(256 * 1024);
  const { models, prices, ignored } = readModelList(text);
  expect(ignored).toBe(0);
  expect(models).toContain("lab/unknown");
  expect(prices).not.toHaveProperty(["lab/unknown"]);
  expect(Object.keys(prices)).toEqual(models.filter((model) => model !== "lab/unknown"));
  expect(prices["opencode/claude-sonnet-4"]).toEqual({
    ...{ input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 },
    tiers: [{ over: 200_000, input: 6, output: 22.5, cache_read: 0.6, cache_write: 7.5 }],
  });
});

test("a program that fails, or floods, is said so and leaves no room behind", async () => {
  const { engine, image } = await place();
  const ref = "opencode-capture-test/models:1";
  const script = (body: string) => `#!/bin/sh\n${body}\n`;
  await buildImage(engine, ref, {
    Dockerfile: `FROM ${image.ref}
COPY fails floods /usr/local/bin/
USER root
RUN chmod 755 /usr/local/bin/fails /usr/local/bin/floods
`,
    fails: script('echo "no $1 here" >&2; exit 3'),
    floods: script("yes opencode/x | head -c 30000000"),
  });
  const ask = (bin: string, signal = new AbortController().signal) =>
    askForModels({
      engine,
      imageId: ref,
      foreign: true,
      bin,
      providers: {},
      limits: LIMITS,
      signal,
    });
  try {
    await expect(ask("fails")).rejects.toThrow("fails models gave exit code 3: no models here");
    await expect(ask("floods")).rejects.toThrow("floods models said more than 16777216 characters");
    await expect(ask("opencode", AbortSignal.timeout(1000))).rejects.toThrow(/abort|timeout/i);
    const label = [`opencode-capture.run=models-${process.pid}`];
    expect(await engine.docker.listContainers({ all: true, filters: { label } })).toEqual([]);
  } finally {
    await engine.docker.getImage(ref).remove({ force: true });
  }
});
