// Writes docs/settings.md, docs/run_directory.md and docs/schemas/ from the schemas in dist/.
//   node scripts/generate-docs.mjs
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const NOTE = "<!-- Made by `npm run docs` from the schemas in src/; do not edit. -->";

/** The page of settings, from the table in src/settings.ts. */
export function settingsPage(settings) {
  const { SETTINGS, SETTINGS_FILE, groupOf } = settings;
  const names = Object.keys(SETTINGS);
  const tables = [...new Set(names.map(groupOf))].map((group) => {
    const rows = names
      .filter((name) => groupOf(name) === group)
      .map((name) => settingRow(name, settings));
    return [
      `## ${group}`,
      "",
      "| key | flag | variable | default | what it is |",
      "| --- | --- | --- | --- | --- |",
      ...rows,
    ].join("\n");
  });
  return `${NOTE}

# Settings

A setting is looked for in this order: its flag, its variable, its key in \`${SETTINGS_FILE}\` in the
current folder, its default. One that is not known or not valid stops the program with its name;
nothing falls back silently.

\`\`\`json
{ "cpus": 4, "memory": "8g", "timeout": 1800, "keep_workspace": true }
\`\`\`

${tables.join("\n\n")}

## Keys

A key for a model comes from the environment, else from \`.env\` in the current folder:
\`CAPTURE_API_KEY\`, else \`PROVIDER_API_KEY\` for \`--model provider/name\`, or the variable that
\`--api-key-env\` or the provider's \`api_key_env\` names. It stays outside the room, and so does that
\`.env\`. Settings are not read from it.
`;
}

function settingRow(name, { SETTINGS, flagOf, variableOf }) {
  const { value, default: fallback, help } = SETTINGS[name];
  const flag = value === undefined ? flagOf(name) : `${flagOf(name)} ${value}`;
  const shown = fallback === null ? "" : `\`${fallback}\``;
  return `| \`${name}\` | \`${flag}\` | \`${variableOf(name)}\` | ${shown} | ${cell(help)} |`;
}

/** The page of the run directory: a table a file, from the JSON Schema of each. */
export function runDirectoryPage(files) {
  const parts = files.map(({ name, what, schema }) => {
    const lines = [`## ${name}`, "", what, ""];
    if (schema !== null)
      lines.push("| key | type | what it is |", "| --- | --- | --- |", ...rows(schema));
    return lines.join("\n").trimEnd();
  });
  return `${NOTE}

# The run directory, format 1

One capture is one folder, \`artifacts/captures/<YYYYMMDD>T<HHMMSS><mmm>Z-<issue-id>/\`. It is enough to
report, browse, compare and export, on any machine, without Docker. Times are ISO 8601 in UTC,
durations end in \`_ms\`, sizes in \`_bytes\`. Every JSON file is written whole or not at all; a JSONL
file may end in a torn line. Readers accept older formats and keep keys that they do not know. The
JSON Schemas are in [schemas/](schemas/).

What the agent wrote (names, arguments, logs, events, diffs) is hostile: never HTML, never a path to
follow, never a shell word.

${parts.join("\n\n")}
`;
}

function rows(schema, prefix = "", depth = 0) {
  const properties = Object.entries(schema.properties ?? {});
  return properties.flatMap(([key, value]) => {
    const name = `${prefix}${key}`;
    const row = `| \`${name}\` | ${cell(typeOf(value))} | ${cell(value.description ?? "")} |`;
    const inner = innerObject(value);
    if (inner === null || depth > 2) return [row];
    return [row, ...rows(inner.schema, `${name}${inner.list ? "[]" : ""}.`, depth + 1)];
  });
}

function innerObject(schema) {
  const one = choices(schema).find((each) => each.type === "object" || each.type === "array");
  if (one?.type === "array" && one.items?.properties) return { schema: one.items, list: true };
  return one?.properties ? { schema: one, list: false } : null;
}

function typeOf(schema) {
  return choices(schema)
    .map((each) => {
      if (each.enum) return each.enum.map((value) => `\`${value}\``).join(", ");
      if (each.type === "array") return `list of ${each.items ? typeOf(each.items) : "anything"}`;
      return [each.type ?? "anything"].flat().join(" or ");
    })
    .join(" or ");
}

function choices(schema) {
  return schema.anyOf ?? [schema];
}

function cell(text) {
  return String(text).replaceAll("|", "\\|").replaceAll("\n", " ");
}

/** The modules of src/record/ that hold the schemas of the page. */
export const MODULES = [
  "run",
  "manifest",
  "issue",
  "canaries",
  "processes",
  "files",
  "network",
  "resources",
  "model-calls",
  "native-events",
  "summary",
  "replay",
  "cassette",
];

/** What each file is, in the order of the page; `schemas` are the exports of src/record/. */
export function describeFiles(schemas, toJsonSchema) {
  const schema = (zod) => toJsonSchema(zod, { io: "output", unrepresentable: "any" });
  return [
    [
      "meta/run.json",
      "How the run went. Readable from the run's first moment on.",
      schemas.RunRecord,
    ],
    [
      "meta/manifest.json",
      "What each file held when the run was sealed, but for derived/, report/ and workspace/.",
      schemas.Manifest,
    ],
    ["input/issue.json", "The issue exactly as chosen.", schemas.Issue],
    [
      "input/canaries.json",
      "Fake credentials that were planted in the room, with what is looked for; absent with `--no-canaries`, and where they could not be planted.",
      schemas.Canaries,
    ],
    [
      "logs/",
      "`container.log`: the run's life and both streams in order, each line with its time. `opencode.stdout.log`, `opencode.stderr.log`: raw bytes, at most 64 MB each. `opencode_export.*.log`: of the session's export.",
      null,
    ],
    ["observations/process_tree.json", "Every process seen in the room.", schemas.ProcessTree],
    [
      "observations/fs_diff.json",
      "What changed in the workspace and in the rest of the room, and what was read where credentials are kept.",
      schemas.FsDiff,
    ],
    [
      "observations/network.json",
      "Sockets, attempts to leave, and names asked. With `--pcap` the packets themselves are beside it, in `network.pcap` (pcap with nanoseconds, LINKTYPE_LINUX_SLL), up to `--pcap-size`; the coverage says what came after.",
      schemas.NetworkObservation,
    ],
    [
      "observations/resources.json",
      "CPU, memory, IO and processes over time.",
      schemas.ResourceUse,
    ],
    [
      "observations/model_calls.jsonl",
      "A line for each model call that the gateway carried.",
      schemas.ModelCall,
    ],
    [
      "observations/live.json",
      "Only while the run goes on, or where its supervisor died: what was seen so far, the newest processes, changes and connections and the resources, made anew several times a second. No observation of its own: without the sealed ones a capture is not valid.",
      // Its parts are as in their own files.
      null,
    ],
    [
      "observations/replay.json",
      "Only in a replay: where the agent departed from the recording.",
      schemas.ReplayRecord,
    ],
    [
      "events/opencode_events.jsonl",
      "Native events, a line each. Optional, and the agent's own word.",
      schemas.NativeEvent,
    ],
    [
      "derived/summary.json",
      "The fold of all the above; made again by `opencode-capture report DIR`.",
      schemas.Summary,
    ],
    ["report/index.html", "One file that opens from disk and loads nothing.", null],
    [
      "session/export.json",
      "The session as the agent's own export has it, where a session was seen and the export succeeded.",
      null,
    ],
    [
      "session/cassette.jsonl",
      'Only with `--record`: the model\'s answers, for a replay. Two kinds of line: a part of a request, written before the first call that asks with it (`{ "kind": "part", "sha256", "text", "text_omitted" }`), and a call, as below.',
      schemas.CassetteCall,
    ],
    [
      "attempts/N/",
      "Only with `--model auto`: the attempts before this one that failed because of their models, from 1; each a run directory like this, sealed by itself and covered by this manifest.",
      null,
    ],
    ["workspace/", "What the agent left, only with `--keep-workspace`.", null],
  ].map(([name, what, zod]) => ({ name, what, schema: zod === null ? null : schema(zod) }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { z } = await import("zod");
  const schemas = {};
  for (const name of MODULES) Object.assign(schemas, await import(`../dist/record/${name}.js`));
  const files = describeFiles(schemas, z.toJSONSchema);
  await mkdir("docs/schemas", { recursive: true });
  await writeFile("docs/settings.md", settingsPage(await import("../dist/settings.js")));
  await writeFile("docs/run_directory.md", runDirectoryPage(files));
  for (const { name, schema } of files.filter((file) => file.schema !== null)) {
    const path = `docs/schemas/${name
      .split("/")
      .at(-1)
      .replace(/\.jsonl?$/, "")}.schema.json`;
    await writeFile(path, `${JSON.stringify(schema, null, 2)}\n`);
  }
}
