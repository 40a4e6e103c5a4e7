import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { RunFile } from "../../src/record/directory.js";
import { PROJECT, scratchForEach } from "../capture/room.js";
import { command } from "./command.js";

const folder = scratchForEach();

const golden = (): string => {
  const directory = join(folder.path, "run");
  cpSync(join(PROJECT, "test/golden/run"), directory, { recursive: true });
  return directory;
};

test.each(["report", "findings", "export", "replay"])(
  "%s follows no link in a run directory, and leaves what it leads to as it was",
  async (name) => {
    const elsewhere = join(folder.path, "elsewhere");
    mkdirSync(elsewhere);
    const directory = golden();
    symlinkSync(elsewhere, join(directory, dirname(RunFile.report)));
    const words = name === "export" ? ["--format", "har"] : [];
    const { exitCode, stderr, stdout } = await command([name, directory, ...words]);
    expect(stderr).toContain("report/ is a symbolic link, which is not followed");
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(readdirSync(elsewhere)).toEqual([]);
  },
);

test("a report that cannot be written is told, without a stack", async () => {
  for (const file of [RunFile.report, RunFile.summary]) {
    const directory = golden();
    mkdirSync(join(directory, file), { recursive: true });
    const { exitCode, stderr } = await command(["report", directory]);
    expect(stderr).toContain(`the report of ${directory} cannot be written: `);
    expect(stderr).not.toContain("This is a bug");
    expect(exitCode).toBe(2);
    rmSync(directory, { recursive: true });
  }
});
