import { valuesOf } from "../choose.js";
import type { Opening } from "../opening.js";
import type { Row } from "../row.js";
import type { State } from "../state.js";
import type { Captures } from "./captures.js";
import { byId, count, el, plural } from "./dom.js";
import { howToBegin, NONE_MATCHES } from "./notes.js";

type Counts = Opening["counts"];

/** What the opening says of all captures, of a list that is whole. */
export function knownOf(
  rows: readonly Row[],
  chosen: readonly Row[],
): Pick<Opening, "counts" | "values"> {
  return {
    counts: {
      ...{ chosen: chosen.length, all: rows.length },
      running: rows.filter(({ state }) => state === "running").length,
    },
    values: {
      model: valuesOf(rows, "model"),
      agent: valuesOf(rows, "agent"),
      status: valuesOf(rows, "status"),
    },
  };
}

/** How many there are, above the list; and below it why there is none, if so. */
export function showCount({ chosen, all }: Counts, captures: Captures): void {
  const { done, total } = captures.progress();
  const isReading = done < total;
  const those =
    chosen === all ? plural(all, "capture") : `${count(chosen)} of ${plural(all, "capture")}`;
  byId("count").textContent = isReading ? `${those} so far` : those;
  const nothing = byId("nothing");
  nothing.hidden = chosen > 0 || isReading || !captures.whole();
  if (nothing.hidden) return;
  const [title, hint] =
    all === 0 ? ["No captures yet.", howToBegin()] : ["None matches.", NONE_MATCHES];
  nothing.replaceChildren(el("strong", {}, title), ` ${hint}`);
}

/** The links to the views; the one to the list leads out of a capture, too. */
export function showViews(state: State, hrefTo: (change: Partial<State>) => string): void {
  for (const view of ["list", "matrix", "compare"] as const) {
    const link = byId<HTMLAnchorElement>(`view-${view}`);
    const again = state.view === view;
    link.href = hrefTo(again && view === "list" ? { capture: null } : { view });
    if (again) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  byId("compare-count").textContent = state.compare.length > 0 ? String(state.compare.length) : "";
  document.body.dataset["view"] = state.view;
  document.body.dataset["open"] = String(state.view !== "list" || state.capture !== null);
}
