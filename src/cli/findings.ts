import { stat } from "node:fs/promises";
import { ExitCode, UserError } from "../errors.js";
import { find } from "../findings/find.js";
import { toSarif } from "../findings/sarif.js";
import { readRules, shippedRules } from "../findings/sigma-files.js";
import { mergeRules, type RuleSet } from "../findings/sigma-set.js";
import type { Finding, FindingsResult, Severity } from "../record/finding.js";
import { readMaterial } from "../summary/read.js";
import { readRun } from "../summary/read-run.js";
import { harmless, type Output, paint } from "./output.js";
import { assertWritable, writeOutputFile } from "./output-file.js";

const COLOUR = {
  critical: "red",
  high: "red",
  medium: "yellow",
  low: "cyan",
  informational: "gray",
} as const satisfies Record<Severity, string>;

/** What `findings` is asked for. */
export interface FindingsOptions {
  /** A folder of Sigma rules beside the shipped ones; one of the same name takes its place. */
  rules?: string;
  /** A file for a SARIF log; one that is there is replaced. */
  sarif?: string;
  /** This program's, which the log names. */
  version: string;
}

/**
 * `findings DIR`: tries the rules on a run directory and changes nothing in it. Throws UserError
 * where DIR is no run directory, or a folder or file that was named cannot be used.
 */
export async function showFindings(
  directory: string,
  options: FindingsOptions,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { sarif } = options;
  if (sarif !== undefined) await assertWritable(sarif, true);
  const run = await readRun(directory);
  const shipped = await shippedRules();
  const rules =
    options.rules === undefined ? shipped : mergeRules(shipped, await rulesIn(options.rules));
  const material = await readMaterial(directory);
  const isTried = options.rules === undefined;
  const found = find(material, rules, isTried ? material.triedProcesses : undefined);
  const result = { ...found, problems: [...material.problems, ...found.problems] };
  if (sarif !== undefined) {
    const log = toSarif(result, { version: options.version, runId: run.run_id });
    await writeOutputFile(sarif, [`${JSON.stringify(log, null, 1)}\n`], signal);
  }
  print(result, output);
  return ExitCode.ok;
}

async function rulesIn(folder: string): Promise<RuleSet> {
  const isFolder = await stat(folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder)
    throw new UserError(`--rules: ${folder} is no folder`, {
      hint: "name a folder with Sigma rules, each in a file that ends in .yml or .yaml",
    });
  return readRules(folder);
}

function print(result: FindingsResult, output: Output): void {
  for (const finding of result.findings) {
    output.json({ type: "finding", ...finding });
    for (const line of lines(finding, output.mode.verbose)) output.result(line);
  }
  for (const problem of result.problems) {
    output.json({ type: "problem", text: problem });
    output.aside(harmless(problem));
  }
  const { risk, findings, findings_omitted } = result;
  output.json({ type: "risk", ...risk, findings: findings.length, findings_omitted });
  const more = findings_omitted > 0 ? ` and ${findings_omitted} more` : "";
  const expected = risk.expected ?? "not said";
  const observed = risk.observed ?? "cannot be said, as not everything was observed";
  output.result(`${findings.length} findings${more}; expected: ${expected}, observed: ${observed}`);
}

function lines(finding: Finding, verbose: boolean): string[] {
  const call = finding.call_id === null ? "" : ` (${finding.call_id})`;
  const head = `${paint(COLOUR[finding.severity], finding.severity.padEnd(13))} ${harmless(`${finding.title}${call}`)}`;
  const shown = verbose ? finding.evidence : finding.evidence.slice(0, 2);
  const more = finding.evidence.length + finding.evidence_omitted - shown.length;
  return [
    `${head}  [${harmless(finding.rule)}]`,
    ...(verbose ? [`    ${harmless(finding.why)}`] : []),
    ...shown.map(
      ({ file, pointer, key, text }) =>
        `    ${file}${pointer === null ? ` ${harmless(key)}` : `#${pointer}`}: ${harmless(text)}`,
    ),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ];
}
