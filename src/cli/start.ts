#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, Script } from "node:vm";

// What the build makes dist/cli/main.js of: it runs the program's one file, with the code that the build
// compiled it to. A Node of another version refuses that code, and compiles the file by itself.

/** The file's name, beside this one; the build puts it in. */
declare const PROGRAM: string;

const file = fileURLToPath(new URL(PROGRAM, import.meta.url));
const script = new Script(readFileSync(file, "latin1"), {
  filename: file,
  cachedData: readFileSync(`${file}.compiled`),
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
