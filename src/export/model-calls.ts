import { RunFile, runFile } from "../record/directory.js";
import { readJsonLines } from "../record/lines.js";
import { ModelCall } from "../record/model-calls.js";

/** The bounds of the summary's own reading, so that both tell of the same calls. */
const BOUNDS = { maxLines: 20_000, maxBytes: 256 * 1024 * 1024 };

/** The model calls in order, and in words what of them was not read. Never throws. */
export async function modelCallsOf(
  directory: string,
): Promise<{ calls: ModelCall[]; problems: string[] }> {
  const path = runFile(directory, RunFile.modelCalls);
  try {
    const read = await readJsonLines(path, ModelCall, BOUNDS);
    const lost = [
      read.bad_lines > 0 && `${read.bad_lines} unreadable lines`,
      read.omitted_lines > 0 && `${read.omitted_lines} lines past the bound`,
      read.omitted_bytes > 0 && `${read.omitted_bytes} bytes past the bound`,
    ].filter(Boolean);
    return {
      calls: read.lines.sort((a, b) => a.seq - b.seq),
      problems: lost.length === 0 ? [] : [`${RunFile.modelCalls}: left out ${lost.join(", ")}`],
    };
  } catch {
    return { calls: [], problems: [`${RunFile.modelCalls} could not be read`] };
  }
}

/**
 * All tokens of a call's prompt, those of a cache among them: how ATIF and the GenAI conventions
 * count. Null where the answer told none.
 */
export function promptTokens({ tokens }: ModelCall): number | null {
  const { input, cache_read, cache_write } = tokens;
  return input === null ? null : input + (cache_read ?? 0) + (cache_write ?? 0);
}
