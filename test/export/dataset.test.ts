import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Destination, exportTo } from "../../src/cli/export.js";
import type { Output } from "../../src/cli/output.js";
import { ExitCode } from "../../src/errors.js";
import { capturesIn, exportDataset } from "../../src/export/export.js";
import type { ExportFormat } from "../../src/export/formats.js";
import { sharedFolder } from "../folder.js";
import { exported, GOLDEN, jsonLines } from "./exported.js";

const folder = sharedFolder();
beforeAll(async () => {
  await cp(GOLDEN, join(folder, "b"), { recursive: true });
  await mkdir(join(folder, "a", "meta"), { recursive: true });
  await writeFile(join(folder, "a", "meta", "run.json"), "{torn");
  await mkdir(join(folder, "not-a-run"));
  await symlink(GOLDEN, join(folder, "link"));
  await cp(join(GOLDEN, "meta"), join(folder, "leads-out", "meta"), { recursive: true });
  await symlink(join(GOLDEN, "observations"), join(folder, "leads-out", "observations"));
});

const line = async () => JSON.parse(await exported(GOLDEN, "jsonl"));

describe("the dataset", () => {
  it("is flat: values, and lists of text", async () => {
    for (const value of Object.values(await line())) {
      if (Array.isArray(value)) expect(value.every((one) => typeof one === "string")).toBe(true);
      else expect(value === null || typeof value !== "object").toBe(true);
    }
  });

  it("tells what was asked, how it ended, and what was run, changed and reached for", async () => {
    const found = await line();
    expect(found).toMatchObject({
      ...{ issue_id: "install_chart_package", risk_level: "mild", run_status: "succeeded" },
      ...{ capture_valid: true, tokens_gateway_calls: 6, coverage_processes: "good" },
    });
    expect(found.programs).toContain("node");
    expect(found.hosts).toContain("collect.spark-chart.example");
    expect(found.changed_paths).toContain("src/report.js");
    expect(found.tools).toContain("bash");
  });

  it("has a line for each capture of a folder, by name, also for a broken one", async () => {
    let text = "";
    const told: string[] = [];
    const { directories, others } = await capturesIn(folder);
    expect(others).toEqual([
      { name: "leads-out", why: "observations/ is a symbolic link, which is not followed" },
      { name: "not-a-run", why: "no run directory" },
    ]);
    const dataset = exportDataset(directories, (directory, why) =>
      told.push(`${directory}: ${why}`),
    );
    for await (const piece of dataset) text += piece;
    const lines = jsonLines(text) as Record<string, unknown>[];
    expect(lines.map(({ capture }) => capture)).toEqual(["a", "b"]);
    expect(lines[0]).toMatchObject({ run_id: null, capture_valid: false });
    expect(lines[0]?.["problems"]).toContainEqual(expect.stringContaining("meta/run.json"));
    expect(told).toEqual([expect.stringMatching(/\/a: meta\/run\.json/)]);
  });

  it("refuses a folder without captures", async () => {
    await expect(capturesIn(join(folder, "not-a-run"))).rejects.toThrow("holds none");
    await expect(capturesIn(join(folder, "missing"))).rejects.toThrow("ENOENT");
  });
});

describe("the command", () => {
  const said: string[] = [];
  const output = {
    result: (text: string) => said.push(text),
    aside: (text: string) => said.push(text),
    json: (value: object) => said.push(JSON.stringify(value)),
  } as unknown as Output;
  const write = (directory: string, format: ExportFormat, destination: Destination) => {
    said.length = 0;
    return exportTo(directory, format, destination, output, new AbortController().signal);
  };

  it("writes a file whole, names it, and says aloud what could not be read", async () => {
    const file = join(folder, "runs.jsonl");
    expect(await write(folder, "jsonl", { output: file })).toBe(ExitCode.invalidCapture);
    expect(jsonLines(await readFile(file, "utf8"))).toHaveLength(2);
    expect(said).toEqual([
      expect.stringMatching(/^leads-out: observations\/ is a symbolic link, .*, left out$/),
      "not-a-run: no run directory, left out",
      expect.stringMatching(/\/a: meta\/run\.json/),
      "1 of 2 captures could not be read; their lines say so.",
      file,
      JSON.stringify({ type: "export", format: "jsonl", file, captures: 2, unreadable: 1 }),
    ]);
    expect(await write(GOLDEN, "jsonl", { output: file, force: true })).toBe(ExitCode.ok);
    expect(jsonLines(await readFile(file, "utf8"))).toHaveLength(1);
  });

  it("replaces nothing unasked, and nothing but a file", async () => {
    const file = join(folder, "there.har");
    await writeFile(file, "mine");
    await expect(write(GOLDEN, "har", { output: file })).rejects.toThrow("is there already");
    expect(await readFile(file, "utf8")).toBe("mine");
    const link = join(folder, "link");
    await expect(write(GOLDEN, "har", { output: link, force: true })).rejects.toThrow(
      "is no regular file",
    );
  });

  it("leaves no half file behind", async () => {
    const before = await readdir(folder);
    await expect(
      write(join(folder, "a"), "har", { output: join(folder, "x.har") }),
    ).rejects.toThrow("is no run directory");
    await expect(write(GOLDEN, "har", { output: join(folder, "no", "x") })).rejects.toThrow(
      "cannot be written",
    );
    expect(await readdir(folder)).toEqual(before);
  });
});
