import { appendFile, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RunFile, runFile } from "../../src/record/directory.js";
import { FsDiff } from "../../src/record/files.js";
import type { ModelCall } from "../../src/record/model-calls.js";
import { ProcessTree } from "../../src/record/processes.js";
import { readJson } from "../../src/record/read.js";
import { writeJson } from "../../src/record/write.js";
import { GOLDEN, jsonLines } from "./exported.js";

/** Lone surrogates, controls, escapes of a terminal, marks of direction, markup, backslashes. */
export const NASTY =
  '\ud800 \udfff\ud800 \\ud800 \\\ud83d \u0000\u0007\u001b]52;c;cm0gLXJm\u0007\u001b[2J\u202e</script><b>"\u2028';

/** A copy of the golden run, in `folder`, in which whatever an agent or a model can write is hostile. */
export async function hostileRun(folder: string): Promise<string> {
  const directory = await goldenCopy(folder, "hostile");
  const calls = [
    hostileCall(7, { text: NASTY.repeat(20_000), text_truncated: true }),
    hostileCall(8, {
      tool_calls: [
        { id: "call_install", name: NASTY, arguments: `{"${"[".repeat(3)}":1}` },
        { id: null, name: "", arguments: "[".repeat(60_000) },
        { id: null, name: "x", arguments: "{cut", arguments_truncated: true },
        { id: "same", name: "x", arguments: '{"__proto__":{"a":1},"\\ud800":"\\udc00"}' },
        { id: "same", name: "x", arguments: "null" },
      ],
    }),
    hostileCall(9, { endpoint: `/v1/${NASTY}/../?key=secret-in-query`, status: null }),
    hostileCall(10, { error: NASTY, first_byte_ms: 900, duration_ms: 5, model: null }),
    // The number of another call, times that no clock of 64 bits holds, a cost past any sum.
    hostileCall(10, {
      started_at: "0001-01-01T00:00:00.000Z",
      duration_ms: 1e300,
      cost_usd: 1e308,
    }),
    hostileCall(11, {
      started_at: "9999-12-31T23:59:59.999Z",
      duration_ms: 1e308,
      cost_usd: 1e308,
    }),
  ];
  const lines = calls.map((call) => `${JSON.stringify(call)}\n`).join("");
  await appendFile(runFile(directory, RunFile.modelCalls), `${lines}{"torn`);
  const at = "2026-11-21T09:46:05.000Z";
  await appendFile(
    runFile(directory, RunFile.containerLog),
    Buffer.concat([
      Buffer.from(`${at} stdout | ${NASTY}\n${at} stderr | ${"y".repeat(200_000)}\nno such line\n`),
      Buffer.from(`${at} stdout | `),
      Buffer.from([0xff, 0xfe, 0x9b, 0x0a]),
      Buffer.from(
        "2026-11-21T09:46:04.000Z capture | earlier\n2026-99-99T09:46:04.000Z stdout | x",
      ),
    ]),
  );
  const tree = await readJson(runFile(directory, RunFile.processes), ProcessTree);
  const [first] = tree.processes;
  if (first === undefined) throw new Error("the golden run has no process");
  tree.processes.push(
    ...["a", "b"].map((key, index) => ({
      ...first,
      // Each is the other's parent, which no kernel makes and a torn record might.
      ...{ key, parent: index === 0 ? "b" : "a", exe: NASTY, role: "descendant" as const },
      argv: Array.from({ length: 5_000 }, () => NASTY),
      ...{ started_at: at, ended_at: "2026-11-21T09:40:00.000Z" },
    })),
  );
  const [, second] = tree.processes;
  if (second !== undefined) Object.assign(second, { parent: second.key });
  Object.assign(first, { parent: "a" });
  await writeJson(runFile(directory, RunFile.processes), ProcessTree, tree);
  const diff = await readJson(runFile(directory, RunFile.files), FsDiff);
  const [change] = diff.workspace;
  if (change === undefined) throw new Error("the golden run has no change");
  diff.workspace.push({ ...change, path: NASTY }, { ...change, path: "z/".repeat(50_000) });
  await writeJson(runFile(directory, RunFile.files), FsDiff, diff);
  return directory;
}

/** A copy of the golden run, in `folder`, with one model call: its first turn, changed. */
export async function changedTurn(folder: string, change: Partial<ModelCall>): Promise<string> {
  const directory = await goldenCopy(folder, "turn");
  const path = runFile(directory, RunFile.modelCalls);
  const calls = jsonLines(await readFile(path, "utf8")) as ModelCall[];
  const turn = calls.find(({ purpose }) => purpose === "turn");
  await writeFile(path, `${JSON.stringify({ ...turn, ...change })}\n`);
  return directory;
}

/** A run, in `folder`, of which nothing but its record is left. */
export async function bareRun(folder: string): Promise<string> {
  const directory = join(folder, "bare");
  await mkdir(directory);
  await cp(join(GOLDEN, "meta"), join(directory, "meta"), { recursive: true });
  await writeFile(join(directory, "observations"), "not a folder");
  return directory;
}

async function goldenCopy(folder: string, name: string): Promise<string> {
  const directory = join(folder, name);
  await cp(GOLDEN, directory, { recursive: true });
  return directory;
}

function hostileCall(seq: number, change: Partial<ModelCall>): ModelCall {
  return {
    seq,
    started_at: "2026-11-21T09:46:05.400Z",
    ...{ first_byte_ms: 1, duration_ms: 2, endpoint: "/v1/chat/completions", model: NASTY },
    ...{ streamed: true, status: 200, purpose: "turn", turn: seq, message_count: 1 },
    ...{ request_bytes: 1, response_bytes: 1, text: NASTY, tool_calls: [] },
    ...{ tokens: { input: 1, output: null }, error: null },
    ...change,
  };
}
