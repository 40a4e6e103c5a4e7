import { basename } from "node:path";
import * as z from "zod";
import { type TriedProcesses, tryProcesses } from "../findings/process-facts.js";
import { shippedRules } from "../findings/sigma-files.js";
import type { RuleSet } from "../findings/sigma-set.js";
import { Canaries, type Canary } from "../record/canaries.js";
import { RunFile, runFile } from "../record/directory.js";
import { FsDiff } from "../record/files.js";
import { Issue } from "../record/issue.js";
import { jsonLineReader } from "../record/lines.js";
import { LiveObservation } from "../record/live.js";
import { ModelCall } from "../record/model-calls.js";
import type { NativeEvent } from "../record/native-events.js";
import { NetworkObservation } from "../record/network.js";
import { ProcessTree } from "../record/processes.js";
import { ResourceUse } from "../record/resources.js";
import { RunRecord } from "../record/run.js";
import { eventsAtOnce } from "./events-thread.js";
import { explainRead, jsonFiles, unreadLines } from "./parts.js";
import {
  type EventsReader,
  eventsReader,
  type ReadEvents,
  type ToldEvents,
} from "./read-events.js";

/** The session as `opencode export` prints it: only what is read here. */
export const SessionExport = z.looseObject({
  messages: z.array(z.looseObject({ info: z.looseObject({ role: z.string() }) })),
});
export type SessionExport = z.infer<typeof SessionExport>;

/** Everything that a run directory gave, each part null where it could not be had. */
export interface Material {
  directoryName: string;
  run: RunRecord | null;
  issue: Issue | null;
  processes: ProcessTree | null;
  files: FsDiff | null;
  network: NetworkObservation | null;
  resources: ResourceUse | null;
  modelCalls: ModelCall[] | null;
  /** In order, those that a fold looks into. */
  events: NativeEvent[] | null;
  /** What was told of all of them as they were read; where it is left out, `events` are all. */
  told?: ToldEvents;
  session: SessionExport | null;
  /** Null where none were planted. */
  canaries: Canary[] | null;
  /** The rules that findings are made with. */
  rules: RuleSet;
  /** What they found in the processes; where it is left out, that is still to be tried. */
  triedProcesses?: TriedProcesses;
  /** What was missing, garbage or cut, a sentence each. */
  problems: string[];
}

const MODEL_CALL_BOUNDS = { maxLines: 20_000, maxBytes: 256 * 1024 * 1024 };

/** Reads a run directory again and again while it grows: of each file only what is new. */
export interface MaterialReader {
  /**
   * What the directory holds, within bounds and following no links. Never throws for that: a file
   * that is missing, torn, too large or garbage is null and named in `problems`. The lists of lines
   * in one material go on to grow in the next, so one is used up before the next is read. A last line
   * that has no end yet waits for it, but in the `last` read.
   */
  read(last?: boolean): Promise<Material>;
}

/** Reads a run directory once, as MaterialReader says. */
export function readMaterial(directory: string): Promise<Material> {
  return materialReader(directory, eventsAtOnce).read(true);
}

/** Reads a run directory that grows. `eventsOf` is the way its native events are read. */
export function materialReader(directory: string, eventsOf = eventsReader): MaterialReader {
  const json = jsonFiles(directory);
  let modelCalls: ModelCall[] = [];
  const callLines = jsonLineReader(
    runFile(directory, RunFile.modelCalls),
    ModelCall,
    {
      take: (call) => void modelCalls.push(call),
      anew: () => {
        modelCalls = [];
      },
    },
    MODEL_CALL_BOUNDS,
  );
  let events: { runId: string | null; reader: EventsReader } | undefined;
  const eventsOfRun = (runId: string | null) => {
    if (events?.runId !== runId) events = { runId, reader: eventsOf({ directory, runId }) };
    return events.reader;
  };
  return {
    async read(last = false) {
      const problems: string[] = [];
      const part = <T extends z.ZodType>(file: RunFile, schema: T, optional = false) =>
        json.read(file, schema, optional, problems);
      /** Null where the file could not be read. */
      const lines = async <T>(file: RunFile, read: Promise<T>): Promise<T | null> => {
        try {
          return await read;
        } catch (error) {
          problems.push(`${file} ${explainRead(error, directory)}`);
          return null;
        }
      };
      const toldCalls = async () => {
        const counts = await lines(RunFile.modelCalls, callLines.read(last));
        if (counts === null) return null;
        problems.push(...unreadLines(RunFile.modelCalls, counts));
        return modelCalls;
      };
      const nativeEvents = async (reading: Promise<ReadEvents>) => {
        const read = await lines(RunFile.events, reading);
        if (read === null) return { events: null };
        const { events, told, bare, counts } = read;
        problems.push(...unreadLines(RunFile.events, counts));
        if (bare > 0)
          problems.push(`${RunFile.events}: the data of ${bare} events is past the bound`);
        return { events, told };
      };
      const run = await part(RunFile.run, RunRecord);
      // It is the longest of all: the rest is read beside it.
      const reading = eventsOfRun(run?.run_id ?? null).read(last);
      reading.catch(() => {});
      // Of a run that goes on, or whose supervisor died, this is all that there is.
      const live = await part(RunFile.live, LiveObservation, true);
      if (live !== null) problems.push(`${RunFile.live} is what was seen until ${live.at}`);
      const observation = <T extends z.ZodType>(file: RunFile, schema: T) =>
        part(file, schema, live !== null);
      const exported = run === null || run.session.export === "ok";
      const processes =
        (await observation(RunFile.processes, ProcessTree)) ?? live?.processes ?? null;
      const rules = await shippedRules();
      const observed = {
        directoryName: basename(directory),
        run,
        issue: await part(RunFile.issue, Issue),
        processes,
        files: (await observation(RunFile.files, FsDiff)) ?? live?.files ?? null,
        network: (await observation(RunFile.network, NetworkObservation)) ?? live?.network ?? null,
        resources: (await observation(RunFile.resources, ResourceUse)) ?? live?.resources ?? null,
        modelCalls: await toldCalls(),
        session: await part(RunFile.session, SessionExport, !exported),
        canaries: (await part(RunFile.canaries, Canaries, true))?.canaries ?? null,
        rules,
        triedProcesses: tryProcesses({ run, processes }, rules.rules),
      };
      return { ...observed, ...(await nativeEvents(reading)), problems };
    },
  };
}
