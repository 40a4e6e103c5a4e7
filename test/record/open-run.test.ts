import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RunFile } from "../../src/record/directory.js";
import { openRun } from "../../src/record/open-run.js";
import { RunRecord } from "../../src/record/run.js";
import { temporaryFolder } from "../folder.js";

const golden = join(import.meta.dirname, "../golden/run", RunFile.run);
const record = () => RunRecord.parse(JSON.parse(readFileSync(golden, "utf8")));

test("a run directory is readable from its first moment on", async () => {
  const directory = join(temporaryFolder(), "run");
  const run = await openRun(directory, record());
  await run.save({ run_status: "failed" });
  const written = RunRecord.parse(JSON.parse(readFileSync(join(directory, RunFile.run), "utf8")));
  expect(written.run_status).toBe("failed");
});

test("one that cannot have a record is not left behind, and one that is there is not touched", async () => {
  const directory = join(temporaryFolder(), "run");
  await expect(openRun(directory, { ...record(), cpus: 1n } as never)).rejects.toThrow();
  await expect(openRun(directory, record(), { id: "../x" } as never)).rejects.toThrow();
  expect(existsSync(directory)).toBe(false);
  await openRun(directory, record());
  writeFileSync(join(directory, "mine"), "x");
  await expect(openRun(directory, record())).rejects.toMatchObject({ code: "EEXIST" });
  expect(existsSync(join(directory, "mine"))).toBe(true);
});
