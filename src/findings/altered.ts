import { type NativeEvent, shortName } from "../record/native-events.js";

/** What names one line of the agent's native events. */
export type EventName = Pick<NativeEvent, "seq" | "time" | "run_id" | "type">;

/** Lines of the native events that do not follow one another as the plugin writes them. */
export interface Altered {
  /** The first of them, in order. */
  shown: EventName[];
  /** How many there are besides. */
  more: number;
}

/** More lines of a forged flood than this are only counted. */
const MAX_SHOWN = 1_000;
/** A room with more processes than this writes no events of use. */
const MAX_WRITERS = 10_000;

/**
 * Takes native events one by one, in order, and tells which are of another run than `runId` or have a
 * number that goes back. What it holds is bounded.
 */
export function lookForAltered(runId: string | null): {
  take(event: NativeEvent): void;
  altered(): Altered;
} {
  // Another OpenCode in the room writes to the same file with numbers of its own.
  const writers = new Map<number | null, { last: number }>();
  let [pid, writer]: [number | null, { last: number }] = [null, { last: 0 }];
  writers.set(pid, writer);
  const writerOf = (event: NativeEvent) => {
    const by = typeof event["pid"] === "number" ? event["pid"] : null;
    if (by === pid) return writer;
    pid = by;
    writer = writers.get(pid) ?? { last: 0 };
    if (writers.size < MAX_WRITERS) writers.set(pid, writer);
    return writer;
  };
  const shown: EventName[] = [];
  let more = 0;
  const isStrange = (event: NativeEvent) => {
    if (runId !== null && event.run_id !== runId) return true;
    const by = writerOf(event);
    const isBack = event.seq <= by.last;
    if (!isBack) by.last = event.seq;
    return isBack;
  };
  return {
    take(event) {
      if (!isStrange(event)) return;
      if (shown.length >= MAX_SHOWN) more += 1;
      else shown.push(nameOf(event));
    },
    altered: () => ({ shown, more }),
  };
}

/** The line's name alone: what it carries may be as long as it likes. */
function nameOf({ seq, time, run_id, type }: NativeEvent): EventName {
  return {
    seq,
    time: shortName(time),
    run_id: run_id === null ? null : shortName(run_id),
    type: shortName(type),
  };
}

/** The same of events that are all at hand. */
export function alteredIn(events: readonly NativeEvent[], runId: string | null): Altered {
  const looking = lookForAltered(runId);
  for (const event of events) looking.take(event);
  return looking.altered();
}
