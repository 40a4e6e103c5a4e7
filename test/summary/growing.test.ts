import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RunFile, runFile } from "../../src/record/directory.js";
import { fold } from "../../src/summary/fold.js";
import { materialReader, readMaterial } from "../../src/summary/read.js";

const GOLDEN = fileURLToPath(new URL("../golden/run", import.meta.url));
const GROWING = [RunFile.events, RunFile.modelCalls];

let directory: string;
beforeAll(async () => {
  directory = join(await mkdtemp(join(tmpdir(), "growing-")), "run");
  await cp(GOLDEN, directory, { recursive: true });
});
afterAll(() => rm(join(directory, ".."), { recursive: true }));

it("what is read as a run grows is what is read at once, wherever a piece ends", async () => {
  const whole = await Promise.all(GROWING.map((file) => readFile(runFile(GOLDEN, file))));
  for (const file of GROWING) await writeFile(runFile(directory, file), "");
  const reader = materialReader(directory);
  const pieces = 9;
  for (let piece = 0; piece < pieces; piece += 1) {
    for (const [index, file] of GROWING.entries()) {
      const bytes = whole[index] ?? Buffer.alloc(0);
      const at = (n: number) => Math.round((bytes.length * n) / pieces);
      await appendFile(runFile(directory, file), bytes.subarray(at(piece), at(piece + 1)));
    }
    const { counts, timeline } = fold(await reader.read());
    const atOnce = fold(await materialReader(directory).read());
    expect([counts, timeline]).toEqual([atOnce.counts, atOnce.timeline]);
  }
  expect(fold(await reader.read())).toEqual(fold(await readMaterial(GOLDEN)));
});

it("a file that is another one is read anew, and one that is gone is said to be missing", async () => {
  const reader = materialReader(directory);
  const before = await reader.read();
  expect(before.events?.length).toBeGreaterThan(1);
  const [first] = (await readFile(runFile(GOLDEN, RunFile.modelCalls), "utf8")).split("\n");
  await writeFile(runFile(directory, RunFile.modelCalls), `${first}\n`);
  const run = JSON.parse(await readFile(runFile(GOLDEN, RunFile.run), "utf8"));
  await writeFile(runFile(directory, RunFile.run), JSON.stringify({ ...run, title: "Another" }));
  await rm(runFile(directory, RunFile.issue));
  const after = await reader.read();
  expect(after.modelCalls).toEqual(before.modelCalls?.slice(0, 1));
  expect(after.run?.title).toBe("Another");
  expect([before.issue === null, after.issue]).toEqual([false, null]);
  expect(after.problems).toContain(`${RunFile.issue} is missing`);
});
