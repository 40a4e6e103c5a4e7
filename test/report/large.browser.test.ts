import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { syntheticRun } from "../../bench/synthetic-run.mjs";
import { openChromium } from "../../scripts/chromium.mjs";
import { exportCapture } from "../../src/export/export.js";
import { EXPORT_FORMATS, type ExportFormat } from "../../src/export/formats.js";
import { makeReport } from "../../src/report/report.js";
import { readFolded } from "../../src/summary/summary.js";
import { type Served, serve } from "../browse/captures.js";
import { openReport, violations } from "./browser.js";

/** More calls than native events that a page takes: of those some are left out. */
const CALLS = 2_100;
const SIZES = { processes: CALLS * 10, events: CALLS * 10, changes: CALLS };
const ID = "20260102T030405000Z-synthetic";

let browser: Browser;
let served: Served;
let directory: string;
let report: string;

beforeAll(async () => {
  browser = await openChromium();
  served = await serve((folder) => syntheticRun(join(folder, ID), SIZES));
  directory = join(served.folder, ID);
  report = (await makeReport(directory)).path;
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});
afterAll(async () => {
  await browser?.close();
  await served?.[Symbol.asyncDispose]();
});

const shown = (page: Page, text: string) => page.locator("#pane").getByText(text).first().waitFor();

it("a large run is folded whole", async () => {
  const { summary } = await readFolded(directory);
  expect(summary.problems).toEqual([]);
  expect(summary.counts).toMatchObject({ tool_calls: CALLS, processes: SIZES.processes });
  expect([summary.timeline.length, summary.timeline_omitted]).toEqual([CALLS, 0]);
  // The agent's own process is no call's.
  expect(summary.timeline.flatMap(({ processes }) => processes)).toHaveLength(SIZES.processes - 1);
});

it("its report stays small and usable, and says where the rest is", async () => {
  expect((await stat(report)).size).toBeLessThan(10_000_000);
  const { page, faults } = await openReport(browser, report);
  await page.locator('.tabs a[href="#processes"]').click();
  await page.locator(".process-row").nth(1).click();
  await page.locator("#pane .selected").waitFor();
  await page.evaluate((call) => {
    location.hash = `#call-${call}`;
  }, CALLS);
  await page.locator(".call.selected").getByText("pytest --quiet").first().waitFor();
  await page.locator('.tabs a[href="#network"]').click();
  await shown(page, "2,100 connections");
  await page.locator('.tabs a[href="#events"]').click();
  await shown(page, "100 more of 2,100 are in");
  // An address that somebody types leads to its item, however far down another pane it is.
  await page.evaluate(() => {
    location.hash = "#p-20000";
  });
  await page.locator("#p-20000.selected").waitFor();
  expect(await violations(page)).toEqual([]);
  expect(faults).toEqual([]);
});

it("is exported in every format, and what is left out is said", async () => {
  for (const format of Object.keys(EXPORT_FORMATS) as ExportFormat[]) {
    let length = 0;
    let text = "";
    for await (const piece of exportCapture(directory, format)) {
      length += piece.length;
      if (format === "jsonl") text += piece;
    }
    expect(length).toBeGreaterThan(0);
    if (format === "jsonl") expect(JSON.parse(text)).toMatchObject({ count_tool_calls: CALLS });
  }
});

it("is listed by the browser, and its report sent", async () => {
  expect(await readdir(directory)).toContain("report");
  const sent = await served.ask(`/captures/${ID}/report`);
  expect([sent.status, sent.bytes.length]).toEqual([200, (await stat(report)).size]);
  expect((await served.ask("/api/captures")).text).toContain(ID);
});
