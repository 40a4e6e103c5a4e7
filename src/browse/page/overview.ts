import type { Row } from "../row.js";
import type { State } from "../state.js";
import { badge, count, el, plural, toneOf, words } from "./dom.js";
import { NONE_MATCHES } from "./notes.js";

/** Each kind says so many of its values; the filters offer all. */
const MAX_VALUES = 8;

/** What the captures that the filters let through are, each value a link to them alone. */
export function overview(
  rows: readonly Row[],
  hrefTo: (change: Partial<State>) => string,
): HTMLElement {
  const found = rows.filter(({ findings }) => findings !== null && findings > 0).length;
  const worst = el(
    "a",
    { href: hrefTo({ findings: "some", sort: "findings" }) },
    "with findings, the worst first",
    el("span", { class: "n" }, count(found)),
  );
  const kinds: [string, "status" | "risk" | "model", (value: string) => string][] = [
    ["How they ended", "status", toneOf],
    ["Risk expected", "risk", (value) => `risk-${value}`],
    ["Models", "model", () => ""],
  ];
  return el(
    "div",
    { class: "page welcome" },
    el("h2", {}, rows.length === 0 ? "None matches" : plural(rows.length, "capture")),
    el(
      "p",
      { class: "intro" },
      rows.length === 0
        ? NONE_MATCHES
        : "Choose one to see its report here; tick several to compare them.",
    ),
    el(
      "dl",
      { class: "overview" },
      ...(found === 0 ? [] : [el("dt", {}, "Worth a look"), el("dd", {}, worst)]),
      ...kinds.flatMap(([title, name, tone]) => {
        const counts = countsOf(rows, name);
        if (counts.length === 0) return [];
        const links = counts
          .slice(0, MAX_VALUES)
          .map(([value, amount]) =>
            el(
              "a",
              { href: hrefTo({ [name]: value }) },
              badge(words(value), tone(value)),
              el("span", { class: "n" }, count(amount)),
            ),
          );
        const more = counts.length - links.length;
        return [
          el("dt", {}, title),
          el(
            "dd",
            { class: "cap" },
            ...links,
            more > 0 && el("span", { class: "quiet" }, `and ${count(more)} more`),
          ),
        ];
      }),
    ),
  );
}

/** How many have each value of a column, the most frequent first. */
function countsOf(rows: readonly Row[], column: "status" | "risk" | "model"): [string, number][] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const value = row[column];
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([a, inA], [b, inB]) => inB - inA || (a < b ? -1 : 1));
}
