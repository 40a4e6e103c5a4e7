import { parseAttempt } from "../attempts.js";
import type { Row } from "../row.js";
import { badge, byId, clock, count, duration, el, plural, toneOf, words } from "./dom.js";
import { downloads } from "./downloads.js";
import { broken } from "./notes.js";
import { type ReportFrame, reportFrame } from "./report-frame.js";

/** What the panel can ask of the page. */
export interface PanelActions {
  href(id: string): string;
  go(id: string): void;
  back(): void;
  compareSame(row: Row): string | null;
  makeAgain(row: Row): void;
  remove(row: Row): void;
}

/** The drop-down holds so many captures before and after the one that is shown. */
const NEAR = 100;

/** The part beside the list: one capture, or an attempt of one, with its report. */
export function panelView(actions: PanelActions) {
  const main = byId("main");
  let shown: { id: string; state: string; report: ReportFrame | null } | null = null;
  return {
    /** Forgets what is shown, so that the next `show` makes it anew. */
    forget() {
      shown = null;
    },
    /** Shows a capture. The report is loaded again only when the capture or its state changes. */
    show(row: Row, rows: readonly Row[]) {
      if (shown?.id !== row.id || shown.state !== row.state) {
        const report = row.state === "broken" ? null : reportFrame(row);
        main.replaceChildren(head(row, rows, actions), report?.element ?? broken(row));
        shown = { id: row.id, state: row.state, report };
      } else {
        const before = main.querySelector(".head");
        const inUse = before?.contains(document.activeElement) || before?.querySelector("[open]");
        if (inUse) before?.querySelector(".growing")?.replaceWith(growing(row) ?? "");
        else before?.replaceWith(head(row, rows, actions));
      }
      shown.report?.follow(row);
    },
  };
}

function head(row: Row, rows: readonly Row[], actions: PanelActions): HTMLElement {
  return el(
    "div",
    { class: "head" },
    bar(row, rows, actions),
    attempts(row, actions),
    growing(row),
  );
}

function bar(row: Row, rows: readonly Row[], actions: PanelActions): HTMLElement {
  const attempt = parseAttempt(row.id);
  const listed = attempt?.capture ?? row.id;
  const at = rows.findIndex(({ id }) => id === listed);
  const step = (to: number, label: string, key: string) => {
    const other = rows[to];
    return at === -1 || other === undefined
      ? el("button", { type: "button", disabled: true, "aria-label": label }, key)
      : el("a", { class: "button", href: actions.href(other.id), "aria-label": label }, key);
  };
  const near = at === -1 ? [row] : rows.slice(Math.max(0, at - NEAR), at + NEAR + 1);
  const choice = el(
    "select",
    {
      "aria-label": "Capture",
      change: (event) => actions.go((event.target as HTMLSelectElement).value),
    },
    ...near.map((each) => {
      const about = [each.title ?? each.name, words(each.status)];
      if (each.started !== null) about.push(clock(each.started));
      return el("option", { value: each.id, selected: each.id === listed }, about.join(" – "));
    }),
  );
  const same = attempt === null ? actions.compareSame(row) : null;
  // A capture that goes on is neither made again nor deleted.
  const act = (label: string, click: () => void, tone = "") =>
    row.state !== "running" && el("button", { type: "button", class: tone, click }, label);
  return el(
    "div",
    { class: "bar" },
    el("button", { type: "button", class: "narrow", click: actions.back }, "List"),
    step(at - 1, "Previous capture", "["),
    choice,
    step(at + 1, "Next capture", "]"),
    same !== null &&
      el(
        "a",
        { class: "button", href: same },
        "Compare",
        el("span", { class: "wide" }, " with others"),
      ),
    row.state !== "broken" && downloads(row),
    row.state !== "broken" && act("Make again", () => actions.makeAgain(row)),
    attempt === null && act("Delete…", () => actions.remove(row), "danger"),
  );
}

/** The attempts that failed before the capture; of an attempt, the way back. */
function attempts(row: Row, { href }: PanelActions): HTMLElement | null {
  const attempt = parseAttempt(row.id);
  if (attempt !== null)
    return el(
      "p",
      { class: "attempts line" },
      el("span", {}, `Attempt ${attempt.number}, which another followed.`),
      el("a", { href: href(attempt.capture) }, "To the capture"),
    );
  if (row.attempts.length === 0) return null;
  return el(
    "ol",
    { class: "attempts", "aria-label": "Attempts before" },
    ...row.attempts.map((each) =>
      el(
        "li",
        { class: "line" },
        el("a", { href: href(each.id) }, `Attempt ${parseAttempt(each.id)?.number}`),
        el("span", { class: "cap" }, each.model ?? "–"),
        badge(words(each.status), toneOf(each.status)),
        el("span", { class: "cap quiet" }, each.reason ?? each.problem ?? ""),
      ),
    ),
  );
}

/** What is known of a run that goes on; nothing of any other. */
function growing({ state, growth, started }: Row): HTMLElement | null {
  if (state !== "running") return null;
  const since = started === null ? null : Math.max(0, Date.now() - Date.parse(started));
  const seen = (amount: number | null | undefined, one: string, many?: string) =>
    amount != null && el("span", {}, plural(amount, one, many));
  return el(
    "section",
    { class: "growing line", "aria-label": "Running" },
    el("strong", {}, growth?.phase == null ? "opening" : `phase ${growth.phase}`),
    el("span", { id: "elapsed", "data-since": started ?? "" }, duration(since)),
    seen(growth?.tool_calls, "tool call"),
    seen(growth?.processes, "process", "processes"),
    seen(growth?.files, "file"),
    seen(growth?.connections, "connection"),
    seen(growth?.model_calls, "model call"),
    growth !== null && el("span", { class: "wide" }, `${count(growth.events)} native events`),
    el("span", { class: "cap quiet latest" }, growth?.latest.at(-1) ?? ""),
  );
}
