import type { Catalogue } from "./catalogue.js";
import type { Starts } from "./start.js";

/** What a page is told as it happens, as server-sent events. */
export interface ChangeStream {
  /** A stream for one page, or null where there are as many as may be. */
  open(signal: AbortSignal): ReadableStream<Uint8Array> | null;
  close(): void;
}

interface Page {
  send(text: string): void;
  end(): void;
}

const MAX_STREAMS = 32;
const GATHER_MS = 20;
/** The same while folders are read, when there is a change with each of them. */
const GATHER_READING_MS = 150;
const HEARTBEAT_MS = 10_000;
/** More changes at once than this, and the page is told to ask for the whole list. */
const MAX_ROWS = 1_000;
/** Unread pieces of a page that does not keep up; it is let go, and asks anew. */
const MAX_BEHIND = 64;

/**
 * Tells each open page of the rows that changed (`rows`), of those that are gone, and of changes too
 * many to tell (`reload`), and of the captures that were started from a page (`starts`). The first
 * event is `hello` with the list's version.
 */
export function openChangeStream(catalogue: Catalogue, starts: Starts | null): ChangeStream {
  const pages = new Set<Page>();
  const changed = new Set<string>();
  let gathering: NodeJS.Timeout | undefined;
  let toldAt = 0;
  const tell = () => {
    gathering = undefined;
    toldAt = performance.now();
    const common = catalogue.progress();
    const found = [...changed].map((id) => ({ id, row: catalogue.find(id)?.row }));
    const rows = found.flatMap(({ row }) => row ?? []);
    const gone = found.flatMap(({ id, row }) => (row === undefined ? [id] : []));
    const text =
      changed.size > MAX_ROWS ? event("reload", common) : event("rows", { ...common, rows, gone });
    changed.clear();
    for (const page of pages) page.send(text);
  };
  const hear = (ids: readonly string[]) => {
    for (const id of ids) changed.add(id);
    // The first of many changes is told at once.
    const { done, total } = catalogue.progress();
    const gather = done < total ? GATHER_READING_MS : GATHER_MS;
    gathering ??= setTimeout(tell, Math.max(0, toldAt + gather - performance.now()));
  };
  /** Ends the hearing; null while no page is open, and then nothing is followed for it. */
  let stop: (() => void) | null = null;
  const leave = (page: Page): boolean => {
    const was = pages.delete(page);
    if (pages.size === 0) {
      stop?.();
      stop = null;
    }
    return was;
  };
  starts?.onChange(() => {
    for (const page of pages) page.send(event("starts", starts.all()));
  });
  // Also how a broken connection is noticed that nothing else told of.
  const heart = setInterval(() => {
    for (const page of pages) page.send(": \n\n");
  }, HEARTBEAT_MS);
  return {
    open(signal) {
      if (pages.size >= MAX_STREAMS) return null;
      const encoder = new TextEncoder();
      let page: Page;
      return new ReadableStream<Uint8Array>(
        {
          start(controller) {
            const end = () => {
              if (leave(page)) controller.close();
            };
            page = {
              send(text) {
                if ((controller.desiredSize ?? 0) < -MAX_BEHIND) end();
                else controller.enqueue(encoder.encode(text));
              },
              end,
            };
            pages.add(page);
            stop ??= catalogue.onChange(hear);
            signal.addEventListener("abort", () => leave(page));
            page.send(event("hello", catalogue.progress()));
          },
          cancel: () => void leave(page),
        },
        { highWaterMark: 1 },
      );
    },
    close() {
      clearInterval(heart);
      clearTimeout(gathering);
      for (const page of [...pages]) page.end();
    },
  };
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
