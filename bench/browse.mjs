// The capture browser over many captures, against the same over a few: from the start of the server
// to the whole list, from the opening of the page to its first rows, and how late a change is shown.
// The server of a page is a process of its own, as it is for its users.
import { cp, link, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { openChromium } from "../scripts/chromium.mjs";
import { changes, following } from "./browse-live.mjs";
import { serve, serveAlone } from "./browse-server.mjs";
import { built, PROJECT } from "./built.mjs";
import { alternate, plainRow, rowOf, timed } from "./measure.mjs";

const GOLDEN = join(PROJECT, "test/golden/run");
const FEW = 10;

export async function browse({ folder, signal, sizes, rounds = 5, say }) {
  const many = { folder: join(folder, "many"), count: sizes.captures };
  const few = { folder: join(folder, "few"), count: FEW };
  say(`making ${many.count} captures`);
  for (const each of [many, few]) await makeCaptures(each, folder, signal);
  const what = `${many.count} captures`;
  const rows = [];
  const both = (of) => ({ ours: () => of(many), baseline: () => of(few) });

  say("starts with nothing remembered, and with it");
  const whole = (memory) => (of) => timed(async () => (await serve(of, memory(of)))()).then(msOf);
  const fresh = await alternate(2, signal, both(whole(() => null)));
  rows.push(
    rowOf("browse", `server's start to the whole list, ${what}, the first time`, "ms", fresh),
  );
  const cache = join(folder, "cache");
  const { memoryOf } = await built("browse/remembered.js");
  const memory = ({ folder: captures }) => memoryOf(captures, { XDG_CACHE_HOME: cache });
  for (const each of [many, few]) await whole(memory)(each);
  const again = await alternate(rounds, signal, both(whole(memory)));
  rows.push(rowOf("browse", `server's start to the whole list, ${what}, later`, "ms", again));

  say(`${rounds} openings of the page, each in a new Chromium, then again in the same`);
  const opened = [];
  for (let round = 0; round < rounds; round += 1) {
    signal.throwIfAborted();
    opened.push({ ours: await openings(many, cache), baseline: await openings(few, cache) });
  }
  for (const [index, name] of ["cold", "warm"].entries()) {
    const pairs = opened.map(({ ours, baseline }) => ({
      ours: ours[index],
      baseline: baseline[index],
    }));
    rows.push(rowOf("browse", `opening the page to its first rows, ${what}, ${name}`, "ms", pairs));
  }
  say("changes of a running capture");
  const { calls, processes } = await changes(many, cache, signal);
  rows.push(
    plainRow("browse", `a tool call of a running capture to its row, ${what}`, "ms", calls),
  );
  rows.push(
    plainRow("browse", "  a process that was seen, to the report in its frame", "ms", processes),
  );
  const { processes: large, events } = sizes;
  say(`a page that looks at a running capture of ${large} processes and ${events} events`);
  const share = await following(join(folder, "long"), cache, sizes, signal);
  rows.push(
    plainRow(
      "browse",
      `following a run of ${large} processes and ${events} events: of one core`,
      "%",
      share,
    ),
  );
  return rows;
}

function msOf({ ms }) {
  return ms;
}

/** Captures that differ in their names alone; their two small files are one on disk. */
async function makeCaptures({ folder, count }, scratch, signal) {
  const { writeSummary } = await built("summary/summary.js");
  const model = join(scratch, "model");
  await rm(model, { recursive: true, force: true });
  await cp(GOLDEN, model, { recursive: true });
  await writeSummary(model);
  for (let n = 0; n < count; n += 1) {
    signal.throwIfAborted();
    const directory = join(folder, `20260101T${String(n).padStart(9, "0")}Z-install_chart_package`);
    for (const name of ["meta", "derived"]) await mkdir(join(directory, name), { recursive: true });
    for (const file of ["meta/run.json", "derived/summary.json"])
      await link(join(model, file), join(directory, file));
  }
}

/**
 * Times from the opening of the page to the frame that shows its first rows, in ms: in a new
 * Chromium, and once more in it.
 */
async function openings(captures, cache) {
  const end = await serveAlone(captures, cache);
  const chromium = await openChromium();
  try {
    const times = [];
    for (let round = 0; round < 2; round += 1) {
      const context = await chromium.newContext({ viewport: { width: 1440, height: 900 } });
      const page = await context.newPage();
      await page.addInitScript(noteFirstRows);
      await page.goto(end.url, { waitUntil: "commit" });
      times.push(await (await page.waitForFunction(() => globalThis.firstRows)).jsonValue());
      await context.close();
    }
    return times;
  } finally {
    await chromium.close();
    await end();
  }
}

/** Runs in the page: notes when the frame after its first rows is drawn, from the opening on. */
function noteFirstRows() {
  const observer = new MutationObserver(() => {
    if (document.querySelector("#rows li") === null) return;
    observer.disconnect();
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        globalThis.firstRows = performance.now();
      }),
    );
  });
  observer.observe(document, { childList: true, subtree: true });
}
