import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FORMAT } from "../../src/record/coverage.js";
import { RunFile, runFile } from "../../src/record/directory.js";
import { readBeside } from "../../src/report/beside.js";
import { changeTexts } from "../../src/report/data/change-texts.js";
import { itemOfEvidence } from "../../src/report/data/evidence.js";
import { findingRows } from "../../src/report/data/findings.js";
import { readRows } from "../../src/report/data/reads.js";
import { referencesOf } from "../../src/report/data/references.js";
import { replayText } from "../../src/report/data/replay.js";
import { reportOf, sourcesOf } from "../../src/report/data/report.js";
import { messageTexts } from "../../src/report/data/turn-texts.js";
import { fold } from "../../src/summary/fold.js";
import type { Material } from "../../src/summary/read.js";
import {
  at,
  change,
  connection,
  diff,
  EMPTY,
  event,
  modelCall,
  network,
  process,
  tree,
} from "../summary/material.js";

const NOTHING = { logs: [], replay: null, manifest: null };

const referring = (material: Material) => referencesOf(material, fold(material));

describe("findings", () => {
  it("leads from each piece of evidence to the item that it is", () => {
    const material: Material = {
      ...EMPTY,
      processes: tree([process("7-1", null)]),
      files: diff([change("a"), change("b")]),
      network: network([connection({})]),
    };
    const evidence = [
      { file: RunFile.processes, key: "7-1", pointer: "/processes/0", text: "sh" },
      { file: RunFile.files, key: "b", pointer: "/workspace/1", text: "added b" },
      { file: RunFile.network, key: "h", pointer: "/connections/0", text: "refused h" },
      { file: RunFile.network, key: "h", pointer: "/names/3", text: "A h" },
      { file: RunFile.stderr, key: "line", pointer: null, text: "said" },
      { file: "../../etc/passwd", key: "<b>", pointer: "/processes/0", text: "" },
    ];
    const finding = {
      ...{ id: "1", rule: "r", severity: "high" as const, title: "t", why: "w" },
      ...{ call_id: null, evidence, evidence_omitted: 0 },
    };
    const summary = { ...fold(material), findings: [finding] };
    const refs = referencesOf(material, summary);
    const [row] = findingRows(summary, refs, itemOfEvidence(material, summary, refs));
    expect(row?.evidence.map(({ item }) => item)).toEqual([
      ...["p-1", "file-2", "conn-1", null, "log-stderr", null],
    ]);
  });
});

describe("patches", () => {
  it("are cut at the bound of one and of all, and say so", () => {
    const patch = `@@ -0,0 +1 @@\n${"+line\n".repeat(1_700_000)}`;
    const many = Array.from({ length: 60 }, (_, index) => change(`f${index}`, { patch }));
    const texts = changeTexts({ ...EMPTY, files: diff(many) });
    const kept = texts.reduce((sum, text) => sum + (text?.patch?.length ?? 0), 0);
    expect(kept).toBe(6_000_000);
    const missing = (patch.length - 200_000).toLocaleString("en-US");
    expect(texts[0]?.note).toBe(
      `${missing} more characters of the patch are in observations/fs_diff.json.`,
    );
    expect(texts.at(-1)?.patch).toBeNull();
    expect(texts.at(-1)?.note).toContain("more characters");
  });
});

describe("messages", () => {
  it("are what system and user said, once each, before the model call that followed", () => {
    const said = (type: string, output: unknown) => ({
      ...event(type, {}),
      data: { output },
      time: at(10),
    });
    const user = said("chat.message", {
      message: { role: "user" },
      parts: [{ text: "Do it" }, { text: 7 }, null],
    });
    const system = said("experimental.chat.system.transform", { system: ["Be good", {}] });
    const material: Material = {
      ...EMPTY,
      processes: tree([process("1-1", null, { role: "agent", started_at: at(0) })]),
      modelCalls: [{ ...modelCall([]), started_at: at(20) }],
      events: [user, system, { ...system, time: at(30) }],
    };
    const messages = messageTexts(material, referring(material));
    expect(messages.map(({ role, text, turn }) => [role, text, turn])).toEqual([
      ["system", "Be good", 0],
      ["user", "Do it", 0],
    ]);
  });
});

describe("reads of credentials", () => {
  it("are told where the record has them", () => {
    expect(readRows({ ...EMPTY, files: diff([]) }, referring(EMPTY))).toBeNull();
    const seen = { path: "/home/agent/.ssh/id", how: "opened" as const, at: at(5), count: 2 };
    const reads = [{ ...seen, process: "x", call_id: null }];
    const rows = readRows({ ...EMPTY, files: { ...diff([]), reads } }, referring(EMPTY));
    expect(rows).toMatchObject([{ path: "/home/agent/.ssh/id", how: "opened", count: 2 }]);
  });
});

describe("replay", () => {
  it("says how the agent departed, and what is left out", () => {
    const departure = {
      ...{ seq: 9, recorded_seq: null, purpose: "turn" as const, turn: 0 },
      diff: `@@ -1 +1 @@\n${"+x\n".repeat(100_000)}`,
    };
    const told = replayText(
      {
        ...{ format: FORMAT, origin: { run_id: "r1", cassette_sha256: "0" }, recorded_calls: 3 },
        ...{ exact: 2, nearest: 0, none: 1, departures: [departure], departures_omitted: 4 },
        unused: [3],
      },
      referring(EMPTY),
    );
    expect(told?.summary).toContain("4 more departures");
    expect(told?.departures[0]?.diff.length).toBe(60_000);
    expect(told?.departures[0]?.note).toContain("observations/replay.json");
  });
});

describe("what stands beside the material", () => {
  it("is read within bounds, and never through a link", async () => {
    const directory = await mkdtemp(join(tmpdir(), "beside-"));
    try {
      await mkdir(join(directory, "logs"));
      await writeFile(runFile(directory, RunFile.stdout), `first\n${"y".repeat(3_000_000)}\nlast`);
      await symlink("/etc/passwd", runFile(directory, RunFile.stderr));
      const { logs, manifest } = await readBeside(directory);
      const log = (name: string) => logs.find((one) => one.name === name);
      expect(log("stdout")?.gap).toMatch(/2\.7 MiB left out here; the whole is in logs\//);
      expect(log("stdout")?.tail?.endsWith("last")).toBe(true);
      expect(log("stderr")).toMatchObject({ head: "", problem: "This log cannot be read." });
      expect(log("container")?.problem).toBe("This log is missing.");
      expect(manifest).toBeNull();
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

it("makes a report of nothing", () => {
  const { data, texts } = reportOf(sourcesOf(EMPTY, fold(EMPTY), NOTHING));
  expect(data.changes).toBeNull();
  expect(data.run.valid).toBe(false);
  expect(texts.messages).toEqual([]);
});
