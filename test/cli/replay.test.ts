import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openOutput } from "../../src/cli/output.js";
import { replay } from "../../src/cli/replay.js";
import { resolveSettings } from "../../src/cli/resolve-settings.js";
import { UserError } from "../../src/errors.js";
import { PROJECT, type Scratch, scratch } from "../capture/room.js";

let folder: Scratch;
let recorded: string;
beforeEach(() => {
  folder = scratch();
  recorded = join(folder.path, "recorded");
  cpSync(join(PROJECT, "test/golden/run"), recorded, { recursive: true });
});
afterEach(() => folder[Symbol.dispose]());

/** The fault that stops a replay before an engine is asked for. */
async function faultOf(directory: string, tasks: string): Promise<UserError> {
  const settings = resolveSettings({ flags: { tasks }, environment: {}, file: "/nowhere.json" });
  const output = openOutput({ json: false, quiet: true, verbose: false });
  const fault = await replay(directory, settings, output, AbortSignal.abort()).catch((e) => e);
  expect(fault).toBeInstanceOf(UserError);
  return fault;
}

function cassette(text: string): void {
  mkdirSync(join(recorded, "session"), { recursive: true });
  writeFileSync(join(recorded, "session/cassette.jsonl"), text);
}

test("a folder that is no run directory is named", async () => {
  expect((await faultOf("/nowhere", "x.json")).message).toContain("/nowhere is no run directory");
});

test("a run that kept no recording says how to keep one", async () => {
  const fault = await faultOf(recorded, "x.json");
  expect(fault.message).toContain("has no recording");
  expect(fault.hint).toContain("--record");
});

test("a recording without a call is refused", async () => {
  cassette('{"kind":"part"}\n');
  expect((await faultOf(recorded, "x.json")).message).toContain("holds no recorded call");
});

test("an issue that the issues file does not have asks for its workspace", async () => {
  const sha256 = "0".repeat(64);
  cassette(
    `${JSON.stringify({
      ...{ kind: "call", seq: 1, started_at: "2026-11-21T09:46:05.400Z", path: "/responses" },
      ...{ api: "openai-responses", purpose: "turn", turn: 0, fingerprint: sha256, parts: [] },
      ...{ status: 200, content_type: null, headers: {}, body: "{}", encoding: "utf8" },
      ...{ body_omitted_bytes: 0, chunks: [[1, 2]], broken: null },
    })}\n`,
  );
  const fault = await faultOf(recorded, folder.issues([{ text: "a" }]));
  expect(fault.message).toContain("so its workspace is not known");
  expect(fault.hint).toContain("--workspace DIR");
});
