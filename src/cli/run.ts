import { readIssues } from "../capture/issues.js";
import { type ExitCode, UserError } from "../errors.js";
import type { Settings } from "../settings.js";
import type { Output } from "./output.js";
import { captureQueue } from "./queue.js";

/** `run`: captures the issue with this id. Throws UserError where the file has none. */
export async function runOne(
  id: string | undefined,
  settings: Settings,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const issues = await readIssues(settings.tasks, settings.workspace, id);
  const ids = issues.map(({ issue }) => issue.id).join(", ");
  if (id === undefined)
    throw new UserError("run needs --issue ID", { hint: `${settings.tasks} has ${ids}` });
  const chosen = issues.filter(({ issue }) => issue.id === id);
  if (chosen.length === 0) {
    throw new UserError(`${settings.tasks} has no issue "${id}"`, { hint: `it has ${ids}` });
  }
  return (await captureQueue(chosen, settings, output, signal)).code;
}

/** `all`: captures every issue of the file, one after another. */
export async function runAll(
  settings: Settings,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const issues = await readIssues(settings.tasks, settings.workspace);
  return (await captureQueue(issues, settings, output, signal)).code;
}
