import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { openChromium } from "../../scripts/chromium.mjs";
import { makeReport } from "../../src/report/report.js";
import { type Opened, openReport } from "./browser.js";

const GOLDEN = fileURLToPath(new URL("../golden/run", import.meta.url));

/** Puts the golden run where there is nothing yet. */
export function copyGolden(directory: string): Promise<void> {
  return cp(GOLDEN, directory, { recursive: true });
}

/** The reports of some runs, and a Chromium to open them in. */
export interface Reports<Name extends string> {
  directory(name: Name): string;
  /** The report's page. */
  file(name: Name): string;
  /** Opens a report; its page is closed when the test is over. */
  open(name: Name, options?: Parameters<typeof openReport>[2]): Promise<Opened>;
}

/** Makes a run and its report for each name, once for all tests of the file that calls this. */
export function reportsOf<Name extends string>(
  runs: Record<Name, (directory: string) => Promise<unknown>>,
): Reports<Name> {
  const files = new Map<string, string>();
  let browser: Browser;
  let folder = "";
  const directory = (name: string) => join(folder, name);
  const file = (name: string) => files.get(name) ?? "";
  beforeAll(async () => {
    browser = await openChromium();
    folder = await mkdtemp(join(tmpdir(), "reports-"));
    for (const name of Object.keys(runs) as Name[]) {
      await runs[name](directory(name));
      files.set(name, (await makeReport(directory(name))).path);
    }
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { directory, file, open: (name, options) => openReport(browser, file(name), options) };
}
