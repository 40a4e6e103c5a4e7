import { appendFile, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { RunFile, runFile } from "../../src/record/directory.js";

const golden = fileURLToPath(new URL("../golden/run", import.meta.url));

/** Each tries to become markup, script, a template or a direction; a page must show it as text. */
export const PAYLOADS = [
  '<img src=x onerror="window.pwned=1">',
  "</script><script>window.pwned=1</script>",
  "</style><script>window.pwned=1</script>",
  "<!--<script>window.pwned=1",
  "\"' onmouseover='window.pwned=1' autofocus onfocus=window.pwned=1 x=\"",
  "javascript:window.pwned=1",
  "{{#with this}}{{constructor.constructor 'window.pwned=1'}}{{/with}} {{{body}}} {{> page}}",
  "$& $1 $` __proto__ constructor",
  "\u001b[31mred\u001b]0;title\u0007\u001b[2J",
  "invoice\u202Efdp.exe \u2066\u200b",
  "\u2028\u2029\u0000\u0085 line\r\nbreak",
  "z\u0301".repeat(3) + "\u0301".repeat(400),
  "[here](https://evil.test/) ![seen](https://evil.test/x.png) <https://evil.test> | a |\n|-|",
  "x".repeat(50_000),
];

/** A copy of the golden run in which every captured string is an attack, many times over. */
export async function writeHostileRun(directory: string): Promise<void> {
  await cp(golden, directory, { recursive: true });
  await mkdir(directory, { recursive: true });
  let turn = 0;
  const payload = (old: string) => {
    turn += 1;
    return `${PAYLOADS[turn % PAYLOADS.length]}${old.slice(0, 40)}`;
  };
  await edit(directory, RunFile.run, (run) => {
    Object.assign(run, {
      ...{
        title: PAYLOADS[1],
        run_id: PAYLOADS[0],
        model: PAYLOADS[9],
        run_status_reason: PAYLOADS[4],
      },
      capture_problems: PAYLOADS,
    });
    run["agent"].command = PAYLOADS;
    run["sandbox"].network = PAYLOADS[5];
    run["observers"][PAYLOADS[0] ?? ""] = { ok: false, reason: PAYLOADS[6] };
  });
  await edit(directory, RunFile.issue, (issue) => {
    Object.assign(issue, { title: PAYLOADS[1], prompt: PAYLOADS.slice(0, -1).join("\n") });
  });
  await edit(directory, RunFile.processes, (tree) => {
    const first = tree["processes"][0];
    for (const process of tree["processes"]) {
      process.argv = process.argv.map(payload);
      Object.assign(process, { cwd: payload("/"), exe: payload("/") });
      process.execs = [{ at: process.started_at, argv: PAYLOADS, exe: PAYLOADS[0] }];
    }
    for (let depth = 0; depth < 700; depth += 1) {
      const key = `deep-${depth}`;
      const parent = depth === 0 ? first.key : `deep-${depth - 1}`;
      tree["processes"].push({ ...first, key, parent, role: "descendant", execs: [] });
    }
    for (const [key, parent] of [
      ["loop-a", "loop-b"],
      ["loop-b", "loop-a"],
    ])
      tree["processes"].push({ ...first, key, parent, role: "descendant" });
  });
  await edit(directory, RunFile.files, (diff) => {
    for (const area of ["workspace", "system"])
      for (const change of diff[area]) {
        Object.assign(change, { path: payload(change.path), link_target: payload("") });
        if (change.patch) change.patch += PAYLOADS.map((text) => `+${text}\n`).join("");
      }
    const { patch: _, ...change } = diff["workspace"][0];
    const many = Array.from({ length: 3_000 }, (_unused, at) => {
      return { ...change, path: `${PAYLOADS[at % (PAYLOADS.length - 1)]}${at}` };
    });
    diff["workspace"].push(...many);
  });
  await edit(directory, RunFile.network, (network) => {
    network["policy"] = PAYLOADS[1];
    for (const connection of network["connections"])
      Object.assign(connection, {
        remote: payload("h:1"),
        remote_name: payload("h"),
        protocol: payload("tcp"),
        state: payload(""),
      });
    for (const name of network["names"])
      Object.assign(name, { name: payload(""), type: payload(""), answer: payload("") });
  });
  await editLines(directory, RunFile.events, payload);
  await appendFile(runFile(directory, RunFile.events), forgedEvents());
  await editLines(directory, RunFile.modelCalls, payload);
  for (const log of [RunFile.containerLog, RunFile.stdout, RunFile.stderr, RunFile.exportStderr])
    await writeFile(runFile(directory, log), `${PAYLOADS.join("\n")}\n`.repeat(3));
}

/** Of each attack as a type an event, and a tool call that has it as its tool and an argument's name. */
function forgedEvents(): string {
  const told = { time: "2026-11-21T09:46:05.000Z", run_id: null, hook: "event" };
  const events = PAYLOADS.flatMap((text, at) => {
    const args = { input: { tool: text }, output: { args: { [text]: text } } };
    const type = "tool.execute.before";
    return [
      { ...told, seq: 10_000 + 2 * at, type: text, data: {} },
      { ...told, seq: 10_001 + 2 * at, type, hook: type, call_id: `forged-${at}`, data: args },
    ];
  });
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

// biome-ignore lint/suspicious/noExplicitAny: these are records on their way to becoming invalid
type Loose = Record<string, any>;

async function edit(directory: string, file: RunFile, change: (value: Loose) => void) {
  const path = runFile(directory, file);
  const value = JSON.parse(await readFile(path, "utf8")) as Loose;
  change(value);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(value));
}

/** Attacks in each string of each line, but for those that a schema or a join asks for. */
async function editLines(directory: string, file: RunFile, payload: (old: string) => string) {
  const kept =
    /^(time|type|hook|started_at|purpose|api|callID|call_id|id|status|role|run_id|name)$/;
  const path = join(directory, file);
  const lines = (await readFile(path, "utf8")).trim().split("\n");
  const attacked = lines.map((line) =>
    JSON.stringify(
      JSON.parse(line, (key, value) =>
        typeof value === "string" && !kept.test(key) ? payload(value) : value,
      ),
    ),
  );
  await writeFile(path, `${attacked.join("\n")}\n`);
}
