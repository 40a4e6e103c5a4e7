import { errorCode, explain, systemWords, UserError } from "../errors.js";
import { assertNoLinks } from "../record/contained.js";
import { RunFile, runFile } from "../record/directory.js";
import { readJson } from "../record/read.js";
import { RunRecord } from "../record/run.js";

/**
 * The record of the run that a folder holds. Throws UserError where it is no run directory, or one
 * with links in it that lead elsewhere.
 */
export async function readRun(directory: string): Promise<RunRecord> {
  try {
    assertNoLinks(directory);
    return await readJson(runFile(directory, RunFile.run), RunRecord);
  } catch (error) {
    const why =
      errorCode(error) === undefined
        ? explain(error).replaceAll(`${directory}/`, "")
        : `${RunFile.run}: ${systemWords(error)}`;
    throw new UserError(`${directory} is no run directory: ${why}`, {
      hint: "name one of the folders in artifacts/captures",
      cause: error,
    });
  }
}
