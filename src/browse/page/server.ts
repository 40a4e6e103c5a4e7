import type { Progress } from "../catalogue.js";
import type { Row } from "../row.js";
import type { Started, StartIssue } from "../start.js";

/** What changed, as it happens. */
export interface Change extends Progress {
  rows: Row[];
  gone: string[];
}

/** One capture as flat facts; lists of text are the only nesting. */
export type Facts = Record<string, string | number | boolean | null | string[]>;

export const captureUrl = (id: string, rest: string) =>
  `captures/${encodeURIComponent(id)}/${rest}`;

/**
 * The whole list, newest first; `take` gets each part of it as it comes. Throws where the server does
 * not answer well, and where the answer breaks off.
 */
export async function fetchList(take: (rows: Row[]) => void): Promise<Progress> {
  let head: (Progress & { columns: string[] }) | null = null;
  for await (const line of lines(await answerOf("GET", "api/captures"))) {
    if (head === null) head = JSON.parse(line) as Progress & { columns: string[] };
    else {
      const { columns } = head;
      take((JSON.parse(line) as unknown[][]).map((values) => unpacked(columns, values)));
    }
  }
  if (head === null) throw new Error("an empty answer");
  const { columns: _, ...progress } = head;
  return progress;
}

/** A row of its values, which are sent without their names. */
export function unpacked(columns: readonly string[], values: readonly unknown[]): Row {
  const row: Record<string, unknown> = {};
  for (const [index, column] of columns.entries()) row[column] = values[index];
  return row as unknown as Row;
}

/** Whole lines of an answer, as soon as they are there. */
async function* lines(answer: Response): AsyncGenerator<string> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const piece = await reader?.read();
    if (piece === undefined || piece.done) return;
    const parts = `${rest}${piece.value}`.split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

export function fetchFacts(id: string): Promise<Facts> {
  return ask<Facts>("GET", `api/captures/${encodeURIComponent(id)}/facts`);
}

/** What the report of a running capture is made from, as JSON; it comes when it may be made again. */
export async function fetchReport(id: string): Promise<string> {
  return (await answerOf("GET", captureUrl(id, "report-data"))).text();
}

export function refresh(): Promise<unknown> {
  return ask("POST", "api/refresh");
}

export function makeAgain(id: string): Promise<unknown> {
  return ask("POST", `api/captures/${encodeURIComponent(id)}/make`);
}

export function remove(id: string): Promise<unknown> {
  return ask("DELETE", `api/captures/${encodeURIComponent(id)}`);
}

/** The issues that may be captured, and the captures that were asked for. */
export function fetchStarts(): Promise<{ issues: StartIssue[]; starts: Started[] }> {
  return ask("GET", "api/starts");
}

export function start(asked: URLSearchParams): Promise<Started> {
  return ask("POST", `api/starts?${asked}`);
}

export async function endStart(id: string): Promise<void> {
  await ask("DELETE", `api/starts/${encodeURIComponent(id)}`);
}

async function ask<T>(method: string, url: string): Promise<T> {
  return (await (await answerOf(method, url)).json()) as T;
}

/** Throws what the server says went wrong. */
async function answerOf(method: string, url: string): Promise<Response> {
  const answer = await fetch(url, { method });
  if (answer.ok) return answer;
  const text = await answer.text();
  let why = text.slice(0, 300);
  try {
    why = JSON.parse(text).error ?? why;
  } catch {
    // Not in JSON: shown as it is.
  }
  throw new Error(why);
}

/** How long a page that was refused waits. */
const AGAIN_MS = 5_000;

/**
 * Listens to changes while the page is in sight. `again` is called when the connection was lost and is back,
 * or when there is too much to tell: the list is to be asked for anew.
 */
export function listen(on: {
  change(change: Change): void;
  starts(starts: Started[]): void;
  again(version: number): void;
  lost(): void;
}): void {
  const parsed = (event: Event) => JSON.parse((event as MessageEvent<string>).data);
  let source: EventSource | null = null;
  // A browser has few connections to one server: a page that nobody sees needs none.
  const follow = () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (source === null) {
      source = new EventSource("api/changes");
      source.addEventListener("hello", (event) => on.again(parsed(event).version));
      source.addEventListener("reload", (event) => on.again(parsed(event).version));
      source.addEventListener("rows", (event) => on.change(parsed(event)));
      source.addEventListener("starts", (event) => on.starts(parsed(event)));
      source.addEventListener("error", () => {
        on.lost();
        // One that was refused is closed for good; any other tries again by itself.
        if (source?.readyState !== EventSource.CLOSED) return;
        source = null;
        setTimeout(follow, AGAIN_MS);
      });
    }
  };
  document.addEventListener("visibilitychange", follow);
  follow();
}
