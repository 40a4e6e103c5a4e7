import { assertContained } from "../record/contained.js";
import { RunFile, runFile } from "../record/directory.js";
import { fileStamp } from "../record/read.js";
import type { Report } from "../report/data.js";
import { renderPage } from "../report/render.js";
import { readReport } from "../report/report.js";
import { fold } from "../summary/fold.js";
import { type MaterialReader, materialReader } from "../summary/read.js";
import { pace } from "./pace.js";

/**
 * The reports of captures that go on, made as often as they are asked for and at most a quarter of
 * the time, whatever their size and however many pages look: those who ask while one waits get the
 * same. Of a capture that was just read only what is new is read. Disposing forgets them all.
 */
export interface LiveReports extends Disposable {
  /**
   * The next report as JSON. Not made, and an error, where none of those who asked for it waits any
   * more. Throws NotContained.
   */
  data(directory: string, signal: AbortSignal): Promise<string>;
  /** The report as HTML, at once. Throws NotContained. */
  html(directory: string): Promise<string>;
}

/** A report of a second is followed by a rest of three. */
const REST = 3;
/** What was read of so many captures is held, and for so long after the last report was made of it. */
const MAX_HELD = 4;
const HELD_MS = 60_000;

interface Held {
  reader: MaterialReader;
  /** The last report as JSON, and what the files were like before it was made. */
  last: { stamp: string; json: string } | null;
  /** The report that waits for its turn, and those who wait for it. */
  next: { askers: AbortSignal[]; json: Promise<string> } | null;
  /** Those for whom a report is made, or waits for its turn. */
  users: number;
  forgetting: NodeJS.Timeout | undefined;
}

export function openLiveReports(): LiveReports {
  const held = new Map<string, Held>();
  const { inTurn, atOnce } = pace(REST);
  const forget = (directory: string) => {
    clearTimeout(held.get(directory)?.forgetting);
    held.delete(directory);
  };
  const hold = (directory: string): Held => {
    const fresh = { last: null, next: null, users: 0, forgetting: undefined };
    const one = held.get(directory) ?? { reader: materialReader(directory), ...fresh };
    forget(directory);
    const unused = [...held].find(([, { users }]) => users === 0);
    if (unused !== undefined && held.size >= MAX_HELD) forget(unused[0]);
    held.set(directory, one);
    return one;
  };
  /** Holds a capture while it is used, and for a while after that. */
  const using = async <T>(directory: string, use: (one: Held) => Promise<T>): Promise<T> => {
    const one = hold(directory);
    one.users += 1;
    try {
      return await use(one);
    } finally {
      one.users -= 1;
      if (one.users === 0 && held.get(directory) === one)
        one.forgetting = setTimeout(forget, HELD_MS, directory).unref();
    }
  };
  const make = async (directory: string, { reader }: Held): Promise<Report> => {
    assertContained(directory);
    const material = await reader.read();
    return readReport(directory, { material, summary: fold(material) });
  };
  const makeJson = async (directory: string, one: Held): Promise<string> => {
    const stamp = stampOf(directory);
    if (one.last?.stamp !== stamp)
      one.last = { stamp, json: JSON.stringify(await make(directory, one)) };
    return one.last.json;
  };
  return {
    data: (directory, signal) =>
      using(directory, (one) => {
        if (one.next === null) {
          const askers: AbortSignal[] = [];
          const json = inTurn(async () => {
            one.next = null;
            if (askers.every(({ aborted }) => aborted)) throw new Error("nobody waits for it");
            return makeJson(directory, one);
          });
          one.next = { askers, json };
        }
        one.next.askers.push(signal);
        return one.next.json;
      }),
    html: (directory) =>
      using(directory, (one) => atOnce(async () => renderPage(await make(directory, one)))),
    [Symbol.dispose]() {
      for (const directory of [...held.keys()]) forget(directory);
    },
  };
}

function stampOf(directory: string): string {
  return Object.values(RunFile)
    .map((file) => fileStamp(runFile(directory, file)))
    .join();
}
