import { existsSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { describe, expect, it } from "vitest";
import { copyCapture, GOLDEN_ID, serve } from "./captures.js";
import { FAILED, report, row, SAFE, useBrowser } from "./pages.js";
import { serveStarts } from "./starts.js";

const { open } = useBrowser();

describe("a capture", () => {
  it("has its report beside the list, in an origin of its own", async () => {
    const { page, faults } = await open();
    await row(page, GOLDEN_ID).click();
    await expect.poll(() => report(page).locator("h1").textContent()).toContain("sparkline");
    const frame = page.frames()[1];
    expect(await frame?.evaluate(() => globalThis.origin)).toBe("null");
    await report(page).locator("nav a[href='#processes']").click();
    await report(page).locator(".pane-processes").waitFor();
    expect(faults).toEqual([]);
  });

  it("is left for the next by key, by drop-down and by the way back", async () => {
    const { page } = await open(`?capture=${FAILED}`);
    await page.keyboard.press("]");
    await expect.poll(() => page.url()).toContain(SAFE);
    await expect.poll(() => report(page).locator("h1").textContent()).toBe("A safe one");
    await page.keyboard.press("[");
    await expect.poll(() => page.url()).toContain(FAILED);
    await page.locator(".bar select").selectOption(GOLDEN_ID);
    await expect.poll(() => page.url()).toContain(GOLDEN_ID);
    await page.goBack();
    await expect.poll(() => page.locator(".bar select").inputValue()).toBe(FAILED);
    await expect.poll(() => row(page, FAILED).getAttribute("aria-current")).toBe("true");
  });

  it("is downloaded", async () => {
    const { page } = await open(`?capture=${GOLDEN_ID}`);
    await page.locator(".menu summary").click();
    for (const [label, name] of [
      ["The capture, tar.gz", `${GOLDEN_ID}.tar.gz`],
      ["Timeline for Perfetto", `${GOLDEN_ID}.trace.json`],
    ] as const) {
      const waiting = page.waitForEvent("download");
      await page.getByText(label, { exact: true }).click();
      expect((await waiting).suggestedFilename()).toBe(name);
    }
  });

  it("that is broken says why", async () => {
    const { page } = await open("?capture=garbage");
    expect(await page.locator("#main").textContent()).toContain("meta/run.json: not JSON");
    expect(await page.getByRole("button", { name: "Make again" }).count()).toBe(0);
  });

  it("that is not there leads back to the list, on a narrow screen, too", async () => {
    const { page } = await open("?capture=gone", { viewport: { width: 390, height: 844 } });
    await page.getByText("There is no such capture").waitFor();
    await page.getByRole("link", { name: "To the list" }).click();
    await row(page, FAILED).click();
    await report(page).locator("h1").waitFor();
    await page.locator("#view-list").click();
    await row(page, SAFE).waitFor();
    expect(page.url()).not.toContain("capture=");
  });

  it("is deleted after a question only", async () => {
    await using own = await serve(async (folder) => {
      await copyCapture(folder, SAFE);
    });
    const { page } = await open(`?capture=${SAFE}`, {}, own);
    await page.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("button", { name: "Keep it" }).click();
    await page.getByRole("button", { name: "Delete…" }).click();
    await page.keyboard.press("Escape");
    expect(existsSync(join(own.folder, SAFE))).toBe(true);
    await page.getByRole("button", { name: "Delete…" }).click();
    expect(await page.locator("dialog").textContent()).toContain(SAFE);
    await page.getByRole("button", { name: "Delete it" }).click();
    await expect.poll(() => page.locator("#count").textContent()).toBe("1 capture");
    await expect.poll(() => existsSync(join(own.folder, SAFE))).toBe(false);
    await expect.poll(() => page.url()).toContain(GOLDEN_ID);
  });
});

it("attempts are reached from their capture, and are not in the list", async () => {
  const reason = "model calls failed: 400 not supported at this location";
  await using own = await serve(async (folder) => {
    const attempt = { run_status: "failed", run_status_reason: reason } as const;
    await copyCapture(join(folder, GOLDEN_ID), "attempts/1", {
      ...{ ...attempt, model: "other/model", title: "The first attempt" },
    });
  });
  const { page, faults } = await open(`?capture=${GOLDEN_ID}`, {}, own);
  expect(await page.locator("#count").textContent()).toBe("1 capture");
  expect(await row(page, GOLDEN_ID).textContent()).toContain("2 attempts");
  const attempts = page.getByRole("list", { name: "Attempts before" });
  expect(await attempts.textContent()).toBe(`Attempt 1other/modelfailed${reason}`);
  await attempts.getByRole("link").click();
  await expect.poll(() => report(page).locator("h1").textContent()).toBe("The first attempt");
  expect(await page.getByRole("button", { name: "Delete…" }).count()).toBe(0);
  await page.locator(".menu summary").click();
  const waiting = page.waitForEvent("download");
  await page.getByText("Trajectory, ATIF", { exact: true }).click();
  expect((await waiting).suggestedFilename()).toMatch(/attempts_1\.trajectory\.json$/);
  await page.getByRole("link", { name: "To the capture" }).click();
  await expect.poll(() => report(page).locator("h1").textContent()).toContain("sparkline");
  expect(faults).toEqual([]);
});

it("a capture is started from the page, followed, and cancelled", async () => {
  await using own = await serveStarts();
  const { page, faults } = await open("", {}, own);
  const query = page.url();
  expect(query).not.toContain("token");
  await page.getByRole("button", { name: "Start a capture…" }).click();
  const dialog = page.locator("dialog");
  await dialog.locator("[name=issue]").selectOption("two");
  expect(await dialog.locator("[name=timeout]").isDisabled()).toBe(true);
  expect(await dialog.textContent()).toContain("a limit of its own: 30 s");
  await dialog.locator("[name=issue]").selectOption("one");
  await dialog.locator("[name=model]").fill("other/model");
  await dialog.locator("[name=timeout]").fill("60");
  await dialog.locator("[name=network]").selectOption("open");
  const { violations } = await new AxeBuilder({ page }).exclude("iframe").analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  await dialog.getByRole("button", { name: "Start" }).click();
  const strip = page.getByRole("list", { name: "Captures started here" });
  await expect.poll(() => strip.textContent()).toContain("oneagent");
  await expect.poll(() => page.url()).toContain("capture=20270101T000000000Z-one");
  await page.keyboard.press("n");
  await dialog.locator("[name=issue]").selectOption("breaks");
  await dialog.getByRole("button", { name: "Start" }).click();
  await expect.poll(() => strip.textContent()).toContain("breakswaiting");
  await page.getByRole("button", { name: "Cancel one" }).click();
  await expect.poll(() => strip.textContent()).toContain("it did not begin: no engine");
  await page.getByRole("button", { name: "Dismiss breaks" }).click();
  await page.getByRole("button", { name: "Dismiss one" }).click();
  await expect.poll(() => strip.isVisible()).toBe(false);
  expect(faults).toEqual([]);
});
