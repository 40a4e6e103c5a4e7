import { type Altered, lookForAltered } from "../findings/altered.js";
import { RunFile, runFile } from "../record/directory.js";
import { type JsonLineCounts, jsonLineReader } from "../record/lines.js";
import { NativeEvent } from "../record/native-events.js";
import { type HeldEvents, holdEvents } from "./events.js";
import type { NativeFold } from "./native.js";

/** The agent's native events as they were read: what is held of them, and what was told of all. */
export interface ReadEvents extends Pick<HeldEvents, "events" | "bare"> {
  told: ToldEvents;
  counts: JsonLineCounts;
}

/** What is known of all native events, those included of which nothing is held. */
export interface ToldEvents {
  count: number;
  fold: NativeFold;
  altered: Altered;
}

/** Whose native events. */
export interface EventsToRead {
  directory: string;
  /** The run that each line should name; null where it is not known. */
  runId: string | null;
}

/** Reads the native events of a run directory, again and again while they grow. */
export interface EventsReader {
  /** As `JsonLineReader` says. The list of one read goes on to grow in the next. */
  read(last?: boolean): Promise<ReadEvents>;
}

/** The plugin stops at 64 MiB; what is longer was written by something else. */
const BOUNDS = {
  maxLines: 200_000,
  maxLineBytes: 4 * 1024 * 1024,
  maxBytes: 96 * 1024 * 1024,
};

/** The start of a line of streamed text, as the plugin writes it: half of all lines and more. */
const STREAMED =
  /^\{"seq":(\d{1,15}),"time":"([^"\\]{0,40})","run_id":(?:null|"([^"\\]{0,200})")(?:,"issue_id":(?:null|"[^"\\]{0,200}"))?(?:,"pid":(\d{1,10}))?,"hook":"event","type":"message\.part\.delta",/;

/**
 * A line of streamed text, which is only counted: the text comes again, whole, when it has ended. Its
 * start and its end are looked at, and nothing between.
 */
function streamed(line: string): NativeEvent | undefined {
  const found = line.endsWith("}") ? STREAMED.exec(line) : null;
  if (found === null) return undefined;
  return {
    seq: Number(found[1]),
    time: found[2] ?? "",
    run_id: found[3] ?? null,
    pid: found[4] === undefined ? undefined : Number(found[4]),
    hook: "event",
    type: "message.part.delta",
    data: null,
  };
}

export function eventsReader({ directory, runId }: EventsToRead): EventsReader {
  const start = () => ({ holding: holdEvents(), looking: lookForAltered(runId) });
  let { holding, looking } = start();
  const lines = jsonLineReader(
    runFile(directory, RunFile.events),
    NativeEvent,
    {
      take(event, bytes) {
        looking.take(event);
        holding.take(event, bytes);
      },
      anew() {
        ({ holding, looking } = start());
      },
      glance: streamed,
    },
    BOUNDS,
  );
  return {
    async read(last) {
      const counts = await lines.read(last);
      const { native: fold, ...held } = holding.held();
      const told = { count: counts.good_lines, fold, altered: looking.altered() };
      return { ...held, told, counts };
    },
  };
}
