import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { explain } from "../errors.js";
import { readBounded } from "../record/read.js";
import { type RuleDocument, type RuleSet, rulesOf } from "./sigma-set.js";

/** The rules that are shipped. */
export const SHIPPED_RULES = fileURLToPath(new URL("../../rules", import.meta.url));

/**
 * Their documents, by the hash of each file's text, where the build has parsed them; seen from the
 * program. YAML takes longer to load and to parse than all else that a capture reads of ours.
 */
const PARSED_RULES = fileURLToPath(new URL("../rules.json", import.meta.url));

/** What rule files hold, by the hash of their text. */
export type ParsedRules = Readonly<Record<string, readonly RuleDocument[]>>;

const MAX_FILES = 5_000;
const MAX_FILE_BYTES = 256 * 1024;

/**
 * Reads every `.yml` and `.yaml` below a folder as Sigma rules, in order of path; texts that are in
 * `parsed` are not parsed again. Throws the system's error where the folder cannot be read; a rule that
 * cannot be used is a problem, never an error.
 */
export async function readRules(folder: string, parsed: ParsedRules = {}): Promise<RuleSet> {
  const files = await ruleFiles(folder);
  const set: RuleSet = { rules: [], problems: [] };
  for (const path of files.slice(0, MAX_FILES)) {
    const name = basename(path);
    const { text, omitted_bytes } = await readBounded(path, MAX_FILE_BYTES);
    if (omitted_bytes > 0) {
      set.problems.push(`${name}: larger than ${MAX_FILE_BYTES} bytes`);
      continue;
    }
    const documents = parsed[textHash(text)] ?? (await import("./sigma-yaml.js")).documentsIn(text);
    const { rules, problems } = rulesOf(documents, name);
    set.rules.push(...rules);
    set.problems.push(...problems);
  }
  if (files.length > MAX_FILES)
    set.problems.push(`${files.length - MAX_FILES} rule files past ${MAX_FILES} were not read`);
  return set;
}

/** The rule files of a folder, parsed. Throws the system's error where one cannot be read. */
export async function parseFolder(folder: string): Promise<ParsedRules> {
  const { documentsIn } = await import("./sigma-yaml.js");
  const texts = await Promise.all((await ruleFiles(folder)).map((path) => readFile(path, "utf8")));
  return Object.fromEntries(texts.map((text) => [textHash(text), documentsIn(text)]));
}

async function ruleFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && /\.ya?ml$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function textHash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

let shipped: Promise<RuleSet> | undefined;

/** The shipped rules, read once. Never throws: where they are not there, that is a problem. */
export function shippedRules(): Promise<RuleSet> {
  shipped ??= readShipped().catch((error) => ({
    rules: [],
    problems: [`the shipped rules cannot be read: ${explain(error)}`],
  }));
  return shipped;
}

async function readShipped(): Promise<RuleSet> {
  const built = await readFile(PARSED_RULES, "utf8").catch(() => "{}");
  return readRules(SHIPPED_RULES, JSON.parse(built));
}
