import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { showFindings } from "../../src/cli/findings.js";
import type { Output } from "../../src/cli/output.js";
import { UserError } from "../../src/errors.js";
import { temporaryFolder } from "../folder.js";

const golden = fileURLToPath(new URL("../golden/run", import.meta.url));

let folder: string;
let said: { result: string[]; aside: string[]; json: Record<string, unknown>[] };
beforeEach(() => {
  folder = temporaryFolder();
  cpSync(golden, join(folder, "run"), { recursive: true });
  said = { result: [], aside: [], json: [] };
});

function output(verbose = false): Output {
  return {
    mode: { json: false, quiet: false, verbose },
    line: () => {},
    result: (text) => said.result.push(text),
    aside: (text) => said.aside.push(text),
    detail: () => {},
    json: (value) => said.json.push(value as Record<string, unknown>),
    live: () => false,
    settle: () => {},
    isLive: false,
  };
}

const show = (options: { rules?: string; sarif?: string } = {}, verbose = false) =>
  showFindings(
    join(folder, "run"),
    { version: "1.2.3", ...options },
    output(verbose),
    new AbortController().signal,
  );

describe("the command findings", () => {
  it("prints each finding with the file it rests on, and the two levels", async () => {
    expect(await show()).toBe(0);
    const text = said.result.join("\n");
    expect(text).toContain("[install_script_reached_out]");
    expect(text).toContain("observations/network.json#/connections/1: ");
    expect(said.result.at(-1)).toMatch(/^\d+ findings; expected: mild, observed: mild$/);
    expect(said.json.at(-1)).toMatchObject({ type: "risk", observed: "mild" });
    expect(said.json.filter(({ type }) => type === "finding")).not.toEqual([]);
  });

  it("takes rules of one's own, and names those that it cannot use", async () => {
    const rules = join(folder, "rules");
    mkdirSync(rules);
    const head = "logsource: { category: process_creation }\n";
    writeFileSync(
      join(rules, "mine.yml"),
      `title: Mine\u001b[31m\n${head}detection: { a: { Image|endswith: /npm }, b: { CommandLine|contains: npm }, condition: 1 of them }`,
    );
    writeFileSync(
      join(rules, "other.yml"),
      `title: Other\n${head}detection: { a: { Hashes: x }, condition: a }`,
    );
    await show({ rules });
    const mine = said.result.find((line) => line.includes("[mine]"));
    expect(mine).toBeDefined();
    expect(mine).not.toContain("\u001b[31m");
    expect(said.aside.join("\n")).toContain(
      'other.yml was not used: wrong or not supported: the field "Hashes"',
    );
  });

  it("writes a SARIF log", async () => {
    const sarif = join(folder, "run.sarif");
    await show({ sarif });
    const log = JSON.parse(readFileSync(sarif, "utf8"));
    expect(log.runs[0].tool.driver.semanticVersion).toBe("1.2.3");
    expect(log.runs[0].results.length).toBe(5);
  });

  it("says what is wrong with what it was given", async () => {
    await expect(show({ rules: join(folder, "nowhere") })).rejects.toThrow(UserError);
    rmSync(join(folder, "run/meta/run.json"));
    await expect(show()).rejects.toThrow("is no run directory");
  });

  it("works where observations are missing, and then calls nothing safe", async () => {
    for (const name of ["process_tree", "network", "fs_diff"])
      rmSync(join(folder, `run/observations/${name}.json`));
    await show();
    expect(said.result.at(-1)).toContain("observed: cannot be said");
    expect(said.aside.join("\n")).toContain("observations/network.json is missing");
  });
});
