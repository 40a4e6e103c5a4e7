import type { Row } from "../row.js";
import { severityTone } from "../severity.js";
import { badge, byId, clock, count, duration, el, plural, toneOf, words } from "./dom.js";

/** The same as the height of a row in the style. */
const ROW_PIXELS = 76;
const BEYOND = 6;

export interface ListView {
  /** Shows these rows; only those in sight are made. */
  show(rows: readonly Row[], chosen: string | null, compared: readonly string[]): void;
  /** Brings a row into sight. */
  reveal(id: string): void;
}

/** The list of captures. `href` gives a row's address, `compare` hears of a ticked box. */
export function listView(
  href: (id: string) => string,
  compare: (id: string, on: boolean) => void,
): ListView {
  const scroller = byId("scroller");
  scroller.tabIndex = -1;
  const list = byId("rows");
  let rows: readonly Row[] = [];
  let chosen: string | null = null;
  let compared: readonly string[] = [];
  const made = new Map<string, { key: string; item: HTMLLIElement }>();
  const draw = () => {
    const first = Math.max(0, Math.floor(scroller.scrollTop / ROW_PIXELS) - BEYOND);
    const last = first + Math.ceil(scroller.clientHeight / ROW_PIXELS) + 2 * BEYOND;
    const inSight = rows.slice(first, last);
    const wanted = new Set(inSight.map(({ id }) => id));
    const focused = document.activeElement;
    for (const [id, { item }] of made) {
      if (wanted.has(id)) continue;
      if (item.contains(focused)) scroller.focus();
      item.remove();
      made.delete(id);
    }
    inSight.forEach((row, index) => {
      const at = first + index;
      const key = JSON.stringify([row, row.id === chosen, compared.includes(row.id), href(row.id)]);
      let one = made.get(row.id);
      if (one?.key !== key) {
        const item = itemOf(row);
        const again = one?.item.contains(focused) ? focused?.tagName.toLowerCase() : undefined;
        if (one === undefined) list.append(item);
        else one.item.replaceWith(item);
        if (again !== undefined) item.querySelector<HTMLElement>(again)?.focus();
        one = { key, item };
        made.set(row.id, one);
      }
      one.item.setAttribute("aria-setsize", String(rows.length));
      one.item.setAttribute("aria-posinset", String(at + 1));
      one.item.dataset["at"] = String(at);
      one.item.style.top = `${at * ROW_PIXELS}px`;
    });
    // Reading order is that of the list, whatever order they were made in.
    const ordered = [...list.children].sort((a, b) => place(a) - place(b));
    if (ordered.some((item, index) => item !== list.children[index])) {
      const active = document.activeElement;
      list.append(...ordered);
      if (active instanceof HTMLElement && list.contains(active)) active.focus();
    }
  };
  const itemOf = (row: Row) =>
    el(
      "li",
      { class: `capture ${row.state}` },
      el("input", {
        type: "checkbox",
        ...{ checked: compared.includes(row.id), "aria-label": `Compare ${row.name}` },
        change: (event) => compare(row.id, (event.target as HTMLInputElement).checked),
      }),
      el(
        "a",
        {
          href: href(row.id),
          "data-id": row.id,
          "aria-current": row.id === chosen ? "true" : null,
        },
        ...content(row),
      ),
    );
  let waiting = false;
  const later = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };
  scroller.addEventListener("scroll", later, { passive: true });
  new ResizeObserver(later).observe(scroller);
  const reveal = (id: string) => {
    const at = rows.findIndex((row) => row.id === id);
    if (at === -1) return;
    const top = at * ROW_PIXELS;
    const { scrollTop, clientHeight } = scroller;
    if (top < scrollTop) scroller.scrollTop = top;
    else if (top + ROW_PIXELS > scrollTop + clientHeight)
      scroller.scrollTop = top + ROW_PIXELS - clientHeight;
    draw();
  };
  return {
    show(next, nextChosen, nextCompared) {
      [rows, chosen, compared] = [next, nextChosen, nextCompared];
      list.style.height = `${rows.length * ROW_PIXELS}px`;
      draw();
    },
    reveal,
  };
}

function place(item: Element): number {
  return Number((item as HTMLElement).dataset["at"]);
}

function content(row: Row): HTMLElement[] {
  const head = el(
    "span",
    { class: "line" },
    el("strong", { class: "title cap" }, row.title ?? row.name),
    badge(words(row.status), toneOf(row.status)),
  );
  if (row.state === "broken")
    return [
      head,
      el("span", { class: "line quiet cap problem" }, row.problem ?? ""),
      el("span", { class: "line quiet cap" }, row.name),
    ];
  const who = el(
    "span",
    { class: "line quiet" },
    row.risk && badge(row.risk, `risk-${row.risk}`),
    el("span", { class: "cap" }, row.model ?? "–"),
    el("time", { datetime: row.started ?? "" }, clock(row.started)),
    row.duration_ms !== null && el("span", {}, duration(row.duration_ms)),
  );
  return [head, who, facts(row)];
}

function facts(row: Row): HTMLElement {
  const { growth } = row;
  if (growth !== null)
    return el(
      "span",
      { class: "line quiet" },
      el("span", {}, growth.phase ?? "opening"),
      el("span", {}, plural(growth.tool_calls, "tool call")),
      growth.processes !== null && el("span", {}, `${count(growth.processes)} proc.`),
      growth.files !== null && el("span", {}, plural(growth.files, "file")),
    );
  return el(
    "span",
    { class: "line quiet facts" },
    row.findings !== null &&
      row.findings > 0 &&
      el("span", { class: `mark ${severityTone(row.worst)}` }, plural(row.findings, "finding")),
    row.observed !== null &&
      row.observed !== row.risk &&
      el("span", { class: `mark ${riskTone(row.observed)}` }, `looks ${row.observed}`),
    !row.valid && row.state === "sealed" && el("span", { class: "mark bad" }, "not valid"),
    row.refused !== null &&
      row.refused > 0 &&
      el("span", { class: "mark bad" }, `${count(row.refused)} refused`),
    row.attempts.length > 0 && el("span", {}, plural(row.attempts.length + 1, "attempt")),
    row.tool_calls !== null && el("span", {}, plural(row.tool_calls, "call")),
    row.files !== null && el("span", {}, plural(row.files, "file")),
  );
}

function riskTone(risk: string): string {
  return risk === "severe" ? "bad" : risk === "mild" ? "warn" : "quiet";
}
