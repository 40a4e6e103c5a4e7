import type { Row } from "../row.js";
import { el } from "./dom.js";
import { captureUrl, fetchReport } from "./server.js";

/** A report in an origin of its own, which follows its capture while that goes on. */
export interface ReportFrame {
  element: HTMLIFrameElement;
  /** Sends the frame what there is now, if the row says that it has changed. */
  follow(row: Row): void;
}

/** A report that took a second to take in is followed by three in which the page does other things. */
const REST = 3;
/** A frame that says nothing for so long is not waited for. */
const TAKEN_WITHIN_MS = 10_000;

export function reportFrame({ id, name }: Row): ReportFrame {
  let [ready, busy, wanted] = [false, false, false];
  let told = "";
  let taken = () => {};
  const feed = async () => {
    if (busy || !ready) {
      wanted = true;
      return;
    }
    [busy, wanted] = [true, false];
    let began = performance.now();
    try {
      const text = await fetchReport(id);
      began = performance.now();
      if (element.isConnected) await hand(JSON.parse(text));
    } catch {
      // The capture has just ended or gone: its row says so.
    }
    setTimeout(
      () => {
        busy = false;
        if (wanted && element.isConnected) void feed();
      },
      REST * (performance.now() - began),
    );
  };
  /** Gives the frame new data, and waits until it has drawn them. */
  const hand = (data: unknown) =>
    new Promise<void>((resolve) => {
      taken = resolve;
      setTimeout(resolve, TAKEN_WITHIN_MS);
      // Its origin is its own and opaque: only this frame's own window is spoken to.
      element.contentWindow?.postMessage({ type: "report-data", data }, "*");
    });
  const element = el("iframe", {
    sandbox: "allow-scripts",
    src: captureUrl(id, "report"),
    title: `Report of ${name}`,
    referrerpolicy: "no-referrer",
  });
  const hear = ({ source, data }: MessageEvent) => {
    if (!element.isConnected) removeEventListener("message", hear);
    else if (source !== element.contentWindow) return;
    else if (data?.type === "report-taken") taken();
    else if (data?.type === "report-ready") {
      ready = true;
      if (wanted) void feed();
    }
  };
  addEventListener("message", hear);
  return {
    element,
    follow(row) {
      const now = JSON.stringify(row.growth);
      if (row.growth === null || now === told) return;
      told = now;
      void feed();
    },
  };
}
