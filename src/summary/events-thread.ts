import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { RunFile, runFile } from "../record/directory.js";
import {
  type EventsReader,
  type EventsToRead,
  eventsReader,
  type ReadEvents,
} from "./read-events.js";

/** Less is read before a thread has started, in some 50 ms. */
const LARGE_BYTES = 8 * 1024 * 1024;

/**
 * The thread's heap for what was just made, in MB. Its lines are nearly all garbage: with more room it
 * is no faster, and a flood would take 50 MB more.
 */
const YOUNG_MB = 8;

/** Where the build puts it, seen from a module and from the program; the sources have none. */
const THREAD = fileURLToPath(new URL("../summary/events-worker.js", import.meta.url));

/** For one reading, in a thread of its own where that is quicker: the events are most of a large run. */
export function eventsAtOnce(events: EventsToRead): EventsReader {
  return {
    async read() {
      const path = runFile(events.directory, RunFile.events);
      const { size } = await stat(path).catch(() => ({ size: 0 }));
      const isLarge = size >= LARGE_BYTES && existsSync(THREAD);
      // What stops a thread is met again by the reading here, which says what it is.
      const read = isLarge ? await readInThread(events).catch(() => null) : null;
      return read ?? eventsReader(events).read(true);
    },
  };
}

function readInThread(events: EventsToRead): Promise<ReadEvents> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(THREAD, {
      workerData: events,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    worker.once("message", (read: string) => resolve(JSON.parse(read)));
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("the thread ended without a word")));
  });
}
