import { join } from "node:path";
import * as z from "zod";
import { RunFile, runFile } from "../record/directory.js";
import { lineReader } from "../record/lines.js";
import { fileStamp, openRegular, readBounded } from "../record/read.js";
import { Phase } from "../record/run.js";
import { type Growth, shown } from "./row.js";

/** Follows the files of one running capture; each look reads only what was added since the last. */
interface GrowthReader {
  /** Looks once. `more`: there is more to read than one look takes. Never throws. */
  look(): Promise<{ growth: Growth; more: boolean }>;
}

/** It is bounded by its writer, too. */
const LIVE_BYTES = 16 * 1024 * 1024;
const LOOK_BYTES = 4 * 1024 * 1024;
/** A line longer than this is counted and not read. */
const LINE_BYTES = 1024 * 1024;
const LATEST = 12;
/** A line of the run's own life; the agent's output always has its stream's name there. */
const PHASE_LINE = /^\S+ capture \| phase ([a-z]+)$/;

/** Follows the running captures of a folder, each from its first look until it is forgotten. */
export function openGrowths(captures: string) {
  const readers = new Map<string, GrowthReader>();
  return {
    look(id: string): ReturnType<GrowthReader["look"]> {
      const reader = readers.get(id) ?? followGrowth(join(captures, id));
      readers.set(id, reader);
      return reader.look();
    },
    forget: (id: string) => void readers.delete(id),
  };
}

/** Begins at the start of the files, so that the counts are those of the whole run. */
function followGrowth(directory: string): GrowthReader {
  const growth: Growth = {
    ...{ phase: null, events: 0, tool_calls: 0, model_calls: 0 },
    ...{ processes: null, files: null, connections: null, seen: null, latest: [] },
  };
  const looks = [
    follow(
      runFile(directory, RunFile.containerLog),
      (line) => {
        const phase = Phase.safeParse(PHASE_LINE.exec(line)?.[1]);
        if (phase.success) growth.phase = phase.data;
      },
      () => {},
    ),
    follow(
      runFile(directory, RunFile.events),
      (line) => {
        growth.events += 1;
        const call = toolCall(line);
        if (call === null) return;
        growth.tool_calls += 1;
        growth.latest = [...growth.latest, call].slice(-LATEST);
      },
      () => Object.assign(growth, { events: 0, tool_calls: 0, latest: [] }),
    ),
    follow(
      runFile(directory, RunFile.modelCalls),
      () => {
        growth.model_calls += 1;
      },
      () => Object.assign(growth, { model_calls: 0 }),
    ),
  ];
  let stamp = "";
  return {
    async look() {
      let more = false;
      for (const look of looks) if (await look()) more = true;
      const now = fileStamp(runFile(directory, RunFile.live));
      if (now !== stamp) Object.assign(growth, await readSeen(directory));
      stamp = now;
      return { growth: { ...growth }, more };
    },
  };
}

/** As much of `observations/live.json` as a row shows. */
const Seen = z.looseObject({
  at: z.string().max(40),
  processes: z.looseObject({ processes: z.array(z.unknown()), omitted: z.number().catch(0) }),
  files: z
    .looseObject({
      workspace: z.array(z.unknown()),
      totals: z.looseObject({ omitted: z.number().catch(0) }),
    })
    .nullable(),
  network: z
    .looseObject({ connections: z.array(z.unknown()), omitted: z.number().catch(0) })
    .nullish()
    .catch(null),
});

/** What the observers have seen so far; nothing where the run tells nothing, or no more. */
async function readSeen(directory: string): Promise<Partial<Growth>> {
  try {
    const { text } = await readBounded(runFile(directory, RunFile.live), LIVE_BYTES);
    const { at, processes, files, network } = Seen.parse(JSON.parse(text));
    return {
      seen: at,
      processes: processes.processes.length + processes.omitted,
      connections: network ? network.connections.length + network.omitted : null,
      files: files && files.workspace.length + files.totals.omitted,
    };
  } catch {
    return {};
  }
}

/** A file of the run, and what its lines tell. True from a look where there is more to read. */
function follow(path: string, line: (text: string) => void, anew: () => void) {
  const lines = lineReader(
    { maxLineBytes: LINE_BYTES, maxBytes: Number.POSITIVE_INFINITY },
    { line: (text) => line(text ?? ""), anew },
  );
  return async (): Promise<boolean> => {
    try {
      const file = await openRegular(path);
      try {
        return (await lines.read(file, LOOK_BYTES)) > 0;
      } finally {
        await file.close();
      }
    } catch {
      // Not there yet, or not a file: nothing has grown.
      return false;
    }
  };
}

/** What a call is, in the agent's words, where the line tells of one that began. */
function toolCall(line: string): string | null {
  if (!line.includes('"tool.execute.before"')) return null;
  try {
    const { hook, data } = JSON.parse(line);
    if (hook !== "tool.execute.before") return null;
    const { command, filePath, path, pattern, url, description } = data?.output?.args ?? {};
    const about = [command, filePath, path, pattern, url, description].find(
      (each) => typeof each === "string",
    );
    return shown(`${data?.input?.tool ?? "tool"}  ${about ?? ""}`.trim(), 200);
  } catch {
    return null;
  }
}
