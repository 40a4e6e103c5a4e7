// The page of the capture browser. What it shows is in its address; what it knows comes from the
// server: a first screen in the page itself, then a list, then changes. Captured text becomes text
// and attributes, never markup.
import { choose } from "../choose.js";
import type { Opening } from "../opening.js";
import type { Row } from "../row.js";
import { FILTERS, MAX_COMPARED } from "../state.js";
import { openAddress } from "./address.js";
import { openCaptures } from "./captures.js";
import { knownOf, showCount, showViews } from "./chosen.js";
import { question, showKeys, tell } from "./dialog.js";
import { byId, duration } from "./dom.js";
import { openFacts } from "./facts.js";
import { showFilters } from "./filters.js";
import { onKeys } from "./keys.js";
import { listView } from "./list.js";
import { mainView } from "./main-view.js";
import * as server from "./server.js";
import { startsView } from "./starts.js";
import { stateLine } from "./state-line.js";
import { theme } from "./theme.js";
import { walk } from "./walk.js";

const opening = JSON.parse(byId("opening").textContent ?? "") as Opening;
const line = stateLine();
let chosen: Row[] = [];
let drawing = false;

const address = openAddress((before) => {
  draw();
  const { capture } = address.state();
  if (capture !== null && capture !== before.capture) list.reveal(capture);
});
const { state, move, hrefTo } = address;
const facts = openFacts(() => {
  if (state().view === "compare") draw();
});
const captures = openCaptures(opening, (ids) => {
  for (const id of ids) facts.forget(id);
  draw();
});
const href = (id: string) => hrefTo({ view: "list", capture: id });
const compare = (id: string, on: boolean) => {
  const others = state().compare.filter((each) => each !== id);
  move({ compare: (on ? [...others, id] : others).slice(-MAX_COMPARED) }, true);
};
const list = listView(href, compare);
const main = mainView({ captures, facts, href, hrefTo, move, makeAgain, remove });
const starts = startsView({
  ...{ href, attempt },
  rows: () => captures.rows.values(),
  go: (capture) => move({ view: "list", capture }),
});
const steps = walk({ state, chosen: () => chosen, reveal: list.reveal, move });

function makeAgain(row: Row): void {
  attempt(async () => {
    line.say("Making summary and report again…");
    await server.makeAgain(row.id);
    main.forget();
  });
}

function remove(row: Row): void {
  attempt(async () => {
    const text = `${row.title ?? row.name}: the directory ${row.name} and all that it holds will be deleted. This cannot be undone.`;
    if (!(await question("Delete this capture?", text, "Delete it"))) return;
    const at = chosen.findIndex(({ id }) => id === row.id);
    const next = chosen[at + 1] ?? chosen[at - 1] ?? null;
    await server.remove(row.id);
    captures.drop(row.id);
    move(
      { capture: next?.id ?? null, compare: state().compare.filter((id) => id !== row.id) },
      true,
    );
  });
}

function draw(): void {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    drawNow();
  });
}

function drawNow(): void {
  const rows = [...captures.rows.values()];
  const now = state();
  chosen = choose(rows, now);
  const { counts, values } = captures.whole() ? knownOf(rows, chosen) : opening;
  showFilters(values, now);
  showCount(counts, captures);
  showViews(now, hrefTo);
  list.show(chosen, now.view === "list" ? now.capture : null, now.compare);
  line.show(captures, counts.running);
  main.show(now, chosen);
}

function attempt(work: () => Promise<void>): void {
  work().then(draw, (error: Error) => {
    draw();
    void tell("That did not work", error.message);
  });
}

onKeys({
  "/": () => byId("q").focus(),
  "?": showKeys,
  "[": () => steps.open(-1),
  "]": () => steps.open(1),
  j: () => steps.focus(1),
  k: () => steps.focus(-1),
  ArrowDown: () => steps.focus(1),
  ArrowUp: () => steps.focus(-1),
  m: () => move({ view: "matrix" }),
  n: () => byId("start").hidden || byId("start").click(),
  c: () => move({ view: "compare" }),
  l: () => move({ view: "list" }),
  r: () => byId("refresh").click(),
  x() {
    const { capture, compare: compared } = state();
    if (capture !== null) compare(capture, !compared.includes(capture));
  },
});

byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("input", (event) => {
  const { id, value } = event.target as HTMLInputElement;
  if (!(id in state())) return;
  byId("scroller").scrollTop = 0;
  move({ [id]: value }, true);
});
byId("clear").addEventListener("click", () => {
  move(Object.fromEntries(FILTERS.map((name) => [name, ""])));
});
byId("refresh").addEventListener("click", () => {
  line.say("Looking at the folder again…");
  facts.forgetAll();
  attempt(async () => {
    await server.refresh();
    void captures.load();
  });
});
byId("keys").addEventListener("click", showKeys);
setInterval(() => {
  const elapsed = document.getElementById("elapsed");
  const since = Date.parse(elapsed?.dataset["since"] ?? "");
  if (elapsed !== null && Number.isFinite(since))
    elapsed.textContent = duration(Math.max(0, Date.now() - since));
}, 500);

theme(byId<HTMLButtonElement>("theme"));
drawNow();
const { capture } = state();
if (capture !== null) list.reveal(capture);
/** Once the first screen is seen: the rest of the list, and what happens from now on. */
function follow(): void {
  if (opening.may_start) {
    starts.allow();
    draw();
  }
  if (!opening.whole) void captures.load();
  server.listen({
    change: captures.take,
    again: captures.connected,
    starts: starts.show,
    lost: captures.lost,
  });
}
requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(follow)));
