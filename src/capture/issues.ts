import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { z } from "zod";
import { errorCode, systemWords, UserError } from "../errors.js";
import { hostFault } from "../gateway/egress-allow.js";
import { Issue } from "../record/issue.js";
import { toJson } from "../record/nesting.js";

/** An issue that may be captured: its paths are absolute and were there when it was read. */
export interface ReadyIssue {
  issue: Issue;
  workspace: string;
  script: string | null;
}

/**
 * Reads an issues file whole and refuses it whole: UserError names each fault as
 * `tasks/issues.json: issues[2].risk_level: expected safe, mild or severe, got "high"`.
 * `workspace` takes the place of every issue's own, or of that of the issue `id` alone.
 */
export async function readIssues(
  path: string,
  workspace?: string,
  id?: string,
): Promise<ReadyIssue[]> {
  const value = await readArray(path);
  const faults: string[] = [];
  const ready: ReadyIssue[] = [];
  const ids = new Map<string, number>();
  for (const [index, entry] of value.entries()) {
    const fault = (key: string, text: string) => faults.push(`issues[${index}]${key}: ${text}`);
    const parsed = Issue.safeParse(entry);
    if (!parsed.success) {
      for (const issue of parsed.error.issues)
        for (const text of describe(issue, entry)) fault(...text);
      continue;
    }
    const issue = parsed.data;
    const twin = ids.get(issue.id);
    if (twin !== undefined) fault(".id", `"${issue.id}" is taken by issues[${twin}]`);
    ids.set(issue.id, index);
    for (const [at, entry] of (issue.allow_hosts ?? []).entries()) {
      const wrong = hostFault(entry);
      if (wrong !== null) fault(`.allow_hosts[${at}]`, wrong);
    }
    const isMeant = id === undefined || issue.id === id;
    ready.push(await locate(path, issue, isMeant ? workspace : undefined, fault));
  }
  if (faults.length > 0) {
    throw new UserError(faults.map((fault) => `${path}: ${fault}`).join("\n"), {
      hint: "tasks/README.md describes the format; opencode-capture validate FILE checks one",
    });
  }
  return ready;
}

async function readArray(path: string): Promise<unknown[]> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    const why = errorCode(error) === "ENOENT" ? "no such file" : systemWords(error);
    throw new UserError(`${path}: ${why}`, {
      hint:
        error instanceof SyntaxError
          ? "an issues file is a JSON array; tasks/README.md describes it"
          : "name the issues file with --tasks FILE",
    });
  }
  if (!Array.isArray(value)) {
    throw new UserError(`${path}: expected an array of issues, got ${shown(value)}`);
  }
  if (value.length === 0) throw new UserError(`${path}: expected at least one issue, got none`);
  return value;
}

async function locate(
  path: string,
  issue: Issue,
  override: string | undefined,
  fault: (key: string, text: string) => void,
): Promise<ReadyIssue> {
  const base = dirname(resolve(path));
  const workspace =
    override !== undefined
      ? resolve(override)
      : issue.workspace !== undefined
        ? resolve(base, issue.workspace)
        : projectFolder(base);
  if (!(await isFolder(workspace))) fault(".workspace", `no such folder: ${workspace}`);
  else {
    for (const [at, file] of (issue.files ?? []).entries()) {
      const outside =
        isAbsolute(file) || relative(workspace, join(workspace, file)).startsWith("..");
      if (outside) fault(`.files[${at}]`, `expected a path inside the workspace, got "${file}"`);
      else if (!existsSync(join(workspace, file)))
        fault(`.files[${at}]`, `no such file in the workspace: "${file}"`);
    }
  }
  const script = issue.script === undefined ? null : resolve(base, issue.script);
  if (script !== null && !existsSync(script)) fault(".script", `no such file: ${script}`);
  return { issue, workspace, script };
}

/** The nearest folder at or above the issues file that is a project's; else the file's own. */
function projectFolder(base: string): string {
  for (let folder = base; ; folder = dirname(folder)) {
    if (
      [".git", "package.json", "capture.config.json"].some((name) => existsSync(join(folder, name)))
    )
      return folder;
    if (folder === dirname(folder)) return base;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** One fault of the schema as key and text: what was expected, and what was found instead. */
function describe(issue: z.core.$ZodIssue, entry: unknown): [string, string][] {
  const key = issue.path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((name) => [`${key}.${name}`, "not a key of an issue"]);
  }
  const found = issue.path.reduce<unknown>(
    (value, part) => (value as Record<PropertyKey, unknown> | undefined)?.[part],
    entry,
  );
  const got = found === undefined ? "nothing" : shown(found);
  return [[key, `expected ${expectation(issue)}, got ${got}`]];
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") {
    const values = issue.values.map(String);
    return [values.slice(0, -1).join(", "), values.at(-1)].filter(Boolean).join(" or ");
  }
  if (issue.code === "invalid_type") return issue.expected;
  if (issue.code === "too_small") {
    return `${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`;
  }
  if (issue.code === "too_big") return `at most ${issue.maximum}`;
  return issue.message.replace(/^expected /, "");
}

function shown(value: unknown): string {
  return (toJson(value) ?? String(value)).slice(0, 80);
}
