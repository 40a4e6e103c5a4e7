import { ExitCode, errorCode, systemWords, UserError } from "../errors.js";
import { shippedRules } from "../findings/sigma-files.js";
import { preparePage } from "../report/render.js";
import { makeReport } from "../report/report.js";
import { readRun } from "../summary/read-run.js";
import type { Output } from "./output.js";

/** Reads what every report needs, so that the first is made as fast as the next. */
export async function prepare(): Promise<void> {
  await Promise.all([shippedRules(), preparePage()]);
}

/**
 * `report DIR`: makes summary and report again. Throws UserError where DIR is no run directory, or
 * they cannot be written.
 */
export async function remake(directory: string, output: Output): Promise<ExitCode> {
  await readRun(directory);
  const { path: report } = await makeReport(directory).catch((error) => {
    if (errorCode(error) === undefined) throw error;
    throw new UserError(`the report of ${directory} cannot be written: ${systemWords(error)}`, {
      hint: "look at its folders derived/ and report/, who may write there, and the space left",
      cause: error,
    });
  });
  output.result(report);
  output.json({ type: "report", capture_dir: directory, report });
  return ExitCode.ok;
}
