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
/** What was read of so many captures is held, and for so long after it was asked for last. */
const MAX_HELD = 4;
const HELD_MS = 60_000;

interface Held {
  reader: MaterialReader;
  /** The last report as JSON, and what the files were like before it was made. */
  last: { stamp: string; json: string } | null;
  /** The report that waits for its turn, and those who wait for it. */
  next: { askers: AbortSignal[]; json: Promise<string> } | null;
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
    const fresh = { last: null, next: null, forgetting: undefined };
    const one = held.get(directory) ?? { reader: materialReader(directory), ...fresh };
    forget(directory);
    const [oldest] = held.keys();
    if (oldest !== undefined && held.size >= MAX_HELD) forget(oldest);
    held.set(directory, one);
    one.forgetting = setTimeout(forget, HELD_MS, directory).unref();
    return one;
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
    data(directory, signal) {
      const one = hold(directory);
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
    },
    html: (directory) => atOnce(async () => renderPage(await make(directory, hold(directory)))),
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
