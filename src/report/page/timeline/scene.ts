import type { ItemId, Ms, ReportData } from "../../data.js";
import type { Lane, Tone } from "./lanes.js";
import type { Window } from "./window.js";

/** The colours of the timeline, read from the page's style. */
export type Colours = Record<Tone | "text" | "quiet" | "line" | "range" | "page", string>;

const VARIABLES: Colours = {
  ...{ plain: "--bar", model: "--model", good: "--call", warn: "--warn-bar", bad: "--bad-bar" },
  ...{ faint: "--faint", text: "--text", quiet: "--quiet", line: "--line", range: "--link" },
  page: "--page",
};

/** Reads the colours as they are now: custom properties must be used to be resolved. */
export function coloursOf(probe: HTMLElement): Colours {
  const read = ([name, variable]: [string, string]) => {
    probe.style.color = `var(${variable})`;
    return [name, getComputedStyle(probe).color];
  };
  return Object.fromEntries(Object.entries(VARIABLES).map(read)) as Colours;
}

/** What is drawn. */
export interface Scene {
  data: ReportData;
  lanes: readonly Lane[];
  window: Window;
  width: number;
  colours: Colours;
  range: readonly [Ms, Ms] | null;
  selected: ItemId | null;
  /** The item and the call that are marked beside the selected one. */
  cursor: number | null;
}

/** Where a time is, in pixels. */
export type ToX = (ms: Ms) => number;
