import type * as z from "zod";
import { type RunFile, runFile } from "../record/directory.js";
import type { JsonLineCounts } from "../record/lines.js";
import { fileStamp, readJson } from "../record/read.js";

/** Reads the JSON files of a directory; a good one that is as it was is not read again. */
export function jsonFiles(directory: string) {
  const known = new Map<RunFile, { stamp: string; value: unknown }>();
  return {
    /** Null where the file cannot be had, and then why in `problems`. */
    async read<T extends z.ZodType>(
      file: RunFile,
      schema: T,
      optional: boolean,
      problems: string[],
    ): Promise<z.output<T> | null> {
      const path = runFile(directory, file);
      const stamp = fileStamp(path);
      const before = known.get(file);
      if (before?.stamp === stamp) return before.value as z.output<T>;
      try {
        const value = await readJson(path, schema);
        known.set(file, { stamp, value });
        return value;
      } catch (error) {
        known.delete(file);
        if (!(optional && isMissing(error)))
          problems.push(`${file} ${explainRead(error, directory)}`);
        return null;
      }
    },
  };
}

/** What was left of a file of lines, a sentence each. */
export function unreadLines(file: RunFile, counts: JsonLineCounts): string[] {
  const { bad_lines, omitted_lines, omitted_bytes } = counts;
  return [
    ...(bad_lines > 0 ? [`${file} has ${bad_lines} lines that could not be read`] : []),
    ...(omitted_lines > 0 ? [`${file}: ${omitted_lines} lines past the bound were not read`] : []),
    ...(omitted_bytes > 0 ? [`${file}: ${omitted_bytes} bytes past the bound were not read`] : []),
  ];
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** The reason without the path of this machine: a report may be read elsewhere. */
export function explainRead(error: unknown, directory: string): string {
  if (isMissing(error)) return "is missing";
  const message = error instanceof Error ? error.message : String(error);
  return `cannot be read: ${message.replaceAll(`${directory}/`, "").slice(0, 300)}`;
}
