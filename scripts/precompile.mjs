// Compiles the built program ahead: runs commands of it that start nothing, and writes beside its file
// what V8 compiled for them.
//   node scripts/precompile.mjs PROGRAM
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { constants, Script } from "node:vm";

const file = resolve(process.argv[2]);
const scratch = mkdtempSync(join(tmpdir(), "opencode-capture-build-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
const run = join(scratch, "run");
cpSync("test/golden/run", run, { recursive: true });
const COMMANDS = [
  ["validate", "--json"],
  ["run", "--issue", "none of them"],
  ["report", run],
];

const script = new Script(readFileSync(file, "latin1"), {
  filename: file,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
const { exit } = process;
for (const words of COMMANDS) {
  const ended = new Promise((resolve) => {
    process.exit = resolve;
  });
  process.argv = [process.execPath, file, ...words];
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  await ended;
}
const temporary = `${file}.compiled.${process.pid}.tmp`;
writeFileSync(temporary, script.createCachedData());
renameSync(temporary, `${file}.compiled`);
exit(0);
