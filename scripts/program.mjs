// The program: one file of its modules and of all that they import, the code that V8 makes of it, and
// dist/cli/main.js, which runs that. docs/decisions/one-program.md says why.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const FOLDER = "dist/cli";
const NAMED = /^program-[0-9a-f]{12}\.cjs(\.compiled)?$|^(program-|main\.js).*\.\d+\.tmp$/;
const DAY_MS = 24 * 3600 * 1000;

/**
 * Two functions of packages, for an engine behind SSH and for BuildKit, that bring a megabyte of others.
 * Each is a file of its own in dist/late/, which the program reads when the function is called.
 */
const LATE = { ssh: "docker-modem/lib/ssh.js", session: "dockerode/lib/session.js" };
const late = {
  name: "late",
  setup(bundling) {
    for (const [name, module] of Object.entries(LATE)) {
      const filter = new RegExp(`/${module.replaceAll(".", "\\.")}$`);
      bundling.onLoad({ filter }, () => ({
        contents: `module.exports = (...words) => require("../late/${name}.cjs")(...words);`,
      }));
    }
  },
};

const node = { bundle: true, platform: "node", target: "node20.19", logLevel: "warning" };

/** Makes dist/cli/main.js anew, and all that it reads. The pages of dist/ are there already. */
export async function makeProgram() {
  await build({
    ...node,
    entryPoints: Object.fromEntries(
      Object.entries(LATE).map(([name, module]) => [name, join("node_modules", module)]),
    ),
    outdir: "dist/late",
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    // Compiled parts of ssh2 that are not there.
    external: ["cpu-features", "*.node"],
  });
  // A thread loads a file, and nothing of the program.
  await build({
    ...node,
    entryPoints: ["src/summary/events-worker.ts"],
    outdir: "dist/summary",
    format: "esm",
  });
  const text = await bundle();
  const name = `program-${createHash("sha256").update(text).digest("hex").slice(0, 12)}.cjs`;
  writeRenamed(join(FOLDER, name), text);
  compile(join(FOLDER, name));
  const { outputFiles } = await build({
    ...node,
    entryPoints: ["src/cli/start.ts"],
    write: false,
    define: { PROGRAM: JSON.stringify(name) },
    format: "esm",
  });
  writeRenamed(join(FOLDER, "main.js"), outputFiles[0].contents, 0o755);
  removeOld();
}

/**
 * The text of a function of what a CommonJS module knows. It lies two folders below the project, as all
 * modules do: what is found from there stays so.
 */
async function bundle() {
  const { outputFiles } = await build({
    ...node,
    entryPoints: ["src/cli/main.ts"],
    write: false,
    format: "cjs",
    // What is read late, and what only runs from the sources.
    external: ["../late/*", "esbuild"],
    plugins: [late],
    define: { "import.meta.url": "moduleUrl" },
    banner: {
      js: [
        "(function (exports, require, module, __filename, __dirname) {",
        '"use strict";',
        'const moduleUrl = require("node:url").pathToFileURL(__filename);',
      ].join("\n"),
    },
    footer: { js: "})" },
  });
  // A byte a character, as src/cli/start.ts reads it: half as long in memory, and read at once.
  return outputFiles[0].text.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A start, or another build, meets the file of before or this one, and never half of it. */
function writeRenamed(path, contents, mode) {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  if (mode !== undefined) chmodSync(temporary, mode);
  renameSync(temporary, path);
}

/** In a process of its own: it runs commands. What they say on the way means something where it fails. */
function compile(file) {
  const words = ["scripts/precompile.mjs", file];
  const { status, stderr, error } = spawnSync(process.execPath, words, {
    ...{ stdio: ["ignore", "ignore", "pipe"], encoding: "utf8", timeout: 60_000 },
  });
  if (status === 0) return;
  process.stderr.write(stderr ?? "");
  throw new Error(`this failed: node ${words.join(" ")}`, { cause: error });
}

/** A start that has read dist/cli/main.js reads the program of that time yet. */
function removeOld() {
  for (const name of readdirSync(FOLDER).filter((each) => NAMED.test(each))) {
    const path = join(FOLDER, name);
    // Another build renames, and removes, meanwhile.
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats && Date.now() - stats.mtimeMs > DAY_MS) rmSync(path, { force: true });
  }
}
