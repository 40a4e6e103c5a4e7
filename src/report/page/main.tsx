import { render } from "preact";
import { type Report, TEXT_PARTS } from "../data.js";
import { App } from "./app.js";
import { renewHead } from "./head.js";
import { embeddedData, embeddedTexts, lengthOfPart, textsOf } from "./inflate.js";
import { keepScroll, restoreScroll } from "./scrolling.js";
import { begin, load, renew } from "./store.js";

// The page's head is there before this runs. It sets text and attributes only, never markup.

/** From its parent a page in a frame takes new data of the same run, as while the run goes on. */
function listen(): void {
  if (parent === window) return;
  addEventListener("message", ({ source, data }: MessageEvent<unknown>) => {
    if (source !== parent || !isReport(data)) return;
    renew(data.data.data, textsOf(data.data));
    renewHead(data.data.data.head);
    // Once it is drawn: how long that takes is how often it may be sent.
    setTimeout(() => parent.postMessage({ type: "report-taken" }, "*"));
  });
  // Whoever frames the page learns that it may send.
  parent.postMessage({ type: "report-ready" }, "*");
}

function isReport(value: unknown): value is { type: "report-data"; data: Report } {
  if (typeof value !== "object" || value === null) return false;
  const { type, data } = value as { type?: unknown; data?: Partial<Report> | null };
  return type === "report-data" && typeof data?.data === "object" && typeof data.texts === "object";
}

/** An address that names a pane, and no element, leads to the panes; one gone back to, to where it was. */
function followAddress(): void {
  if (restoreScroll()) return;
  const [name = ""] = location.hash.slice(1).split("&");
  if (name !== "" && document.getElementById(name) === null)
    document.getElementById("app")?.scrollIntoView({ behavior: "instant" });
}

/** Short texts are read ahead: paper does not wait for them. */
const READ_AHEAD_CHARACTERS = 1_000_000;

function readAhead(): void {
  for (const part of TEXT_PARTS) if (lengthOfPart(part) <= READ_AHEAD_CHARACTERS) void load(part);
}

async function start(root: HTMLElement): Promise<void> {
  // Before the page follows it to an item, which then brings itself into view.
  addEventListener("hashchange", followAddress);
  try {
    begin(await embeddedData(), embeddedTexts);
  } catch (error) {
    root.textContent = `The data of this page cannot be read: ${String(error)}`;
    return;
  }
  root.replaceChildren();
  render(<App />, root);
  keepScroll();
  followAddress();
  listen();
  setTimeout(readAhead, 500);
}

const root = document.getElementById("app");
if (root !== null) void start(root);
