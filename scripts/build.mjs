// Builds dist/: the modules by tsc, the program of them and of all that they import by esbuild, so
// that its start reads some ten files instead of a thousand; the pages' scripts and styles by esbuild,
// their templates as they are. dist/.built is touched last: its time is that of the last whole
// build.
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeProgram } from "./program.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const tsc = spawnSync(
  process.execPath,
  ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"],
  {
    stdio: "inherit",
  },
);
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

const { build } = await import("esbuild");
// Of the modules that tsc has just made.
const { BUNDLE } = await import("../dist/report/page-code.js");

for (const [page, script] of [
  ["report/page", "main.tsx"],
  ["browse/page", "main.ts"],
]) {
  await build({
    entryPoints: [script, "style.css"].map((name) => ({
      in: join("src", page, name),
      out: "main",
    })),
    outdir: join("dist", page),
    ...BUNDLE,
    logLevel: "warning",
  });
  for (const name of readdirSync(join("src", page))) {
    if (name.endsWith(".hbs")) cpSync(join("src", page, name), join("dist", page, name));
  }
}
const { parseFolder, SHIPPED_RULES } = await import("../dist/findings/sigma-files.js");
writeFileSync("dist/rules.json", JSON.stringify(await parseFolder(SHIPPED_RULES)));
await makeProgram();
writeFileSync("dist/.built", "");
