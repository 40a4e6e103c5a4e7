import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { RunFile, runFile } from "../../src/record/directory.js";
import { PANES } from "../../src/report/page/address.js";
import { readReport } from "../../src/report/report.js";
import { address, openPane, overflows, tally, violations } from "./browser.js";
import { copyGolden, reportsOf } from "./reports.js";

/** In the golden run: `npm install`, whose install script leaves the room and writes files. */
const INSTALL = "call-4";

const reports = reportsOf({
  golden: copyGolden,
  async bare(directory) {
    await copyGolden(directory);
    await rm(runFile(directory, RunFile.events));
    await rm(runFile(directory, RunFile.session));
  },
  empty: (directory) => mkdir(directory),
  async unclaimed(directory) {
    await copyGolden(directory);
    await leaveUnclaimed(runFile(directory, RunFile.files));
  },
});

/** Makes two files of the agent's own state into files that no call and no habit of it explains. */
async function leaveUnclaimed(file: string): Promise<void> {
  const text = await readFile(file, "utf8");
  await writeFile(
    file,
    text
      .replace("/home/agent/.config/opencode/.gitignore", "/home/agent/.config/opencode/plugin.js")
      .replace("/tmp/.5eff57defdd3dfef-00000001.node", "/tmp/.left-behind"),
  );
}

/**
 * A link to an item of another pane is no skip link: following it puts the item on the page. What axe
 * calls legacy is what a page without frames needs, in a third of the time.
 */
const axe = (page: Page) => new AxeBuilder({ page }).setLegacyMode().disableRules("skip-link");

describe("the report", () => {
  it("opens from disk, loads nothing, and has every pane", async () => {
    const { page, faults } = await reports.open("golden");
    for (const pane of PANES) {
      await openPane(page, pane);
      await expect.poll(() => page.locator("#pane").textContent()).not.toContain("Reading…");
      expect((await page.locator(`.pane-${pane}`).textContent())?.length).toBeGreaterThan(20);
    }
    expect(await violations(page)).toEqual([]);
    expect(faults).toEqual([]);
    const policy = page.locator('meta[http-equiv="Content-Security-Policy"]');
    expect(await policy.getAttribute("content")).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; img-src data:;/,
    );
  });

  it("answers on its first screen, also with scripts off", async () => {
    const { page } = await reports.open("golden", { javaScriptEnabled: false });
    const text = await page.locator("#head").textContent();
    for (const words of ["Asked", "Ended", "Worth a look", "How sure we are", "capture valid"])
      expect(text).toContain(words);
    expect(text).toContain("A script spoke for the model");
    expect(await page.locator("#app").textContent()).toContain("need the page's own script");
    const box = await page.locator("#head").boundingBox();
    expect(box?.height).toBeLessThan(900);
  });

  it("leads from a call to a file it changed, and from the file back to the model call", async () => {
    const { page } = await reports.open("golden");
    await openPane(page, "conversation");
    await page.evaluate((id) => location.assign(`#${id}`), INSTALL);
    const call = page.locator(`#pane #${INSTALL}.selected`);
    await expect.poll(() => call.textContent()).toContain("npm install");
    await call.getByText("package.json", { exact: true }).click();
    expect(await address(page)).toMatch(/^#file-\d+$/);
    const file = page.locator("#pane .selected");
    await expect.poll(() => file.textContent()).toContain("package.json");
    // Why did this file change? Its process, that process's call, and the turn that asked for it.
    await file.locator('a[data-to^="p-"]').first().click();
    expect(await address(page)).toMatch(/^#p-\d+$/);
    await page.locator(`#pane .selected a[data-to="${INSTALL}"]`).click();
    expect(await address(page)).toBe(`#${INSTALL}`);
    await call.locator('a[data-to^="turn-"]').click();
    await expect.poll(() => page.locator(".pane-model .selected").count()).toBe(1);
    await page.goBack();
    expect(await address(page)).toBe(`#${INSTALL}`);
  });

  it("shows only what belongs to a call, and only what no call claims", async () => {
    const { page } = await reports.open("unclaimed");
    await page.evaluate((id) => location.assign(`#${id}&in=processes`), INSTALL);
    await page.getByLabel("Show only what belongs to it").check();
    await expect.poll(() => tally(page)).toBe("3 of 12 processes");
    // Their ancestors stay as context.
    expect(await page.locator(".process.context").count()).toBeGreaterThan(0);
    await page.getByLabel("Whose").selectOption("unclaimed");
    await openPane(page, "files");
    await expect.poll(() => tally(page)).toMatch(/^2 of 32 changed files/);
  });

  it("walks a pane with j and k, and says its keys", async () => {
    const { page } = await reports.open("golden");
    for (const pane of ["processes", "network", "findings"]) {
      await openPane(page, pane);
      await page.keyboard.press("j");
      const first = await address(page);
      await page.keyboard.press("j");
      expect(await address(page)).not.toBe(first);
      await page.keyboard.press("k");
      expect(await address(page)).toBe(first);
      expect(await page.locator("#pane .selected").count()).toBe(1);
    }
    await page.keyboard.press("Escape");
    expect(await address(page)).toBe("#findings");
    await page.keyboard.press("?");
    const help = page.getByRole("dialog", { name: "Help" });
    expect(await help.textContent()).toContain("next and previous item");
    await page.keyboard.press("Escape");
    expect(await help.count()).toBe(0);
    await page.keyboard.press("6");
    expect(await address(page)).toBe("#network");
  });

  it("keeps a keyboard's place: in the item that it chose, and at the start of another pane", async () => {
    const { page } = await reports.open("golden");
    const focused = () => page.evaluate(() => document.activeElement?.closest("[data-item]")?.id);
    const top = () => page.evaluate(() => scrollY);
    await openPane(page, "conversation");
    for (let step = 0; step < 8; step += 1) await page.keyboard.press("j");
    const chosen = (await address(page)).slice(1).split("&")[0];
    await expect.poll(focused).toBe(chosen);
    const before = await top();
    await page.keyboard.press("Tab");
    expect([await focused(), await top()]).toEqual([chosen, before]);
    // A button that sticks to the window's top moves nothing when the focus comes to it.
    await page.getByLabel("Filter the panes").focus();
    expect(await top()).toBe(before);
    await page.keyboard.press("Escape");
    await page.keyboard.press("4");
    const [bar, row] = [page.locator(".bar"), page.locator(".process-row").first()];
    const below = async () =>
      ((await row.boundingBox())?.y ?? 0) - ((await bar.boundingBox())?.y ?? 0);
    await expect.poll(below).toBeLessThan(200);
    await page.keyboard.press("/");
    await page.keyboard.type("postinstall.js");
    await expect.poll(() => page.getByRole("option").count()).toBeGreaterThan(0);
    await page.keyboard.press("Enter");
    await expect.poll(async () => `#${await focused()}`).toBe(await address(page));
  });

  it("searches everything, long texts too, and goes to what is chosen", async () => {
    const { page } = await reports.open("golden");
    await page.locator(".tabs").waitFor();
    await page.keyboard.press("/");
    const search = page.getByRole("dialog", { name: "Search everything" });
    await page.keyboard.type("postinstall.js");
    await expect.poll(() => search.textContent()).toContain("processes");
    await page.keyboard.press("Control+A");
    // Only a patch has this line.
    await page.keyboard.type('{ spark } from "spark-chart"');
    await expect.poll(() => search.getByRole("option").count()).toBeGreaterThan(0);
    await search.locator('[id*="-file-"]').first().click();
    expect(await address(page)).toMatch(/^#file-\d+$/);
    expect(await page.locator("#pane .selected").count()).toBe(1);
  });

  it("keeps pane, item, range, words and scope in its address", async () => {
    const { page, faults } = await reports.open("golden");
    const place = "#p-5&range=3000..4300&q=node&only=unclaimed";
    await page.goto(`${page.url().split("#")[0]}${place}`);
    await page.reload();
    await page.locator(".tabs").waitFor();
    expect(await page.getByLabel("Filter the panes").inputValue()).toBe("node");
    expect(await page.getByLabel("Whose").inputValue()).toBe("unclaimed");
    expect(await tally(page)).toContain("in 3.00 s – 4.30 s");
    await page.evaluate(() => location.assign("#call-999&in=nowhere&range=5..1&only=x"));
    await expect.poll(() => tally(page)).not.toContain("in 3.00 s");
    expect(faults).toEqual([]);
  });

  it("takes new data of a run that goes on, and keeps what was chosen", async () => {
    const later = await readReport(reports.directory("golden"));
    const early = structuredClone(later);
    early.data.calls.splice(4);
    early.data.held.call.total = 4;
    const { page } = await reports.open("golden");
    const frame = await framed(page, reports.file("golden"));
    await frame.locator(".tabs").waitFor();
    const send = (data: unknown) =>
      page.evaluate((data) => frames[0]?.postMessage({ type: "report-data", data }, "*"), data);
    await send(early);
    const calls = frame.locator('.tabs a[href="#conversation"] .n');
    await expect.poll(() => calls.textContent()).toBe("4");
    await frame.locator('.tabs a[href="#processes"]').click();
    await frame.locator(".process-row").nth(4).click();
    await send({ nothing: "of a report" });
    await send(later);
    await expect.poll(() => calls.textContent()).toBe("8");
    expect(await frame.locator("#pane .selected").getAttribute("id")).toBe("p-5");
  });

  it("changes its theme, folds its timeline", async () => {
    const { page, faults } = await reports.open("golden", { colorScheme: "light" });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.locator("#theme").click();
    expect(await background()).toBe(light);
    await page.locator("#theme").click();
    await expect.poll(background).not.toBe(light);
    await page.getByRole("button", { name: "Timeline" }).click();
    expect(await page.locator("#plot").count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it("says what no call claims in its head, in a pane, and by whom it was done", async () => {
    const { page } = await reports.open("unclaimed");
    const tile = page.locator('.tile[href="#unclaimed"]');
    const counted = Number(await tile.locator(".value").textContent());
    expect(counted).toBeGreaterThan(0);
    await tile.click();
    await expect.poll(() => page.locator(".pane-unclaimed .item").count()).toBe(counted);
    await page.keyboard.press("j");
    const row = page.locator(".pane-unclaimed .selected");
    expect(await row.textContent()).toContain("by the agent's own process");
    await row.locator('a[data-to^="p-"]').click();
    expect(await page.locator("#pane .selected").textContent()).toContain("agent");
    await page.goBack();
    await expect.poll(() => row.count()).toBe(1);
  });

  it("puts its panes on paper one after another, light and in full", async () => {
    const { page } = await reports.open("golden", { colorScheme: "dark" });
    await page.locator(".tabs").waitFor();
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    await page.emulateMedia({ media: "print" });
    const printed = await page
      .locator("#pane > section")
      .evaluateAll((all) => all.map(({ id }) => id));
    expect(printed).toEqual(PANES.filter((name) => name !== "logs" && name !== "events"));
    // A4 without its margins.
    await page.setViewportSize({ width: 703, height: 1000 });
    expect(await overflows(page)).toBe(false);
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await background()).toBe("rgb(255, 255, 255)");
    expect(await page.locator(".bar").isVisible()).toBe(false);
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    expect(await page.locator("#pane > section").count()).toBe(1);
    const paper = (await page.pdf({ format: "A4" })).toString("latin1");
    expect(paper.match(/\/Subtype ?\/Link/g)?.length).toBeGreaterThan(50);
  });

  it.each([
    ["light", 1440],
    ["dark", 390],
  ] as const)("has no axe violations and no overflow, %s, %d wide", async (colorScheme, width) => {
    const viewport = { width, height: 900 };
    const { page } = await reports.open("golden", { colorScheme, viewport });
    await page.evaluate((id) => location.assign(`#${id}`), INSTALL);
    for (const pane of PANES) {
      await openPane(page, pane);
      await expect.poll(() => page.locator("#pane").textContent()).not.toContain("Reading…");
      if (pane === "processes") await page.keyboard.press("j");
      const { violations: found } = await axe(page).include(`.pane-${pane}`).analyze();
      expect(found.map(({ id, nodes }) => `${pane} ${id}: ${nodes[0]?.html}`)).toEqual([]);
      expect(await overflows(page), pane).toBe(false);
      if (width < 500) expect(await hardToMeet(page), pane).toEqual([]);
    }
    // All around the panes is looked at once.
    const { violations: around } = await axe(page).exclude("#pane").analyze();
    expect(around.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    for (const key of ["/", "?"]) {
      await page.keyboard.press(key);
      await page.locator("dialog").waitFor();
      const { violations: found } = await axe(page).include("dialog").analyze();
      expect(found.map(({ id, nodes }) => `${key} ${id}: ${nodes[0]?.html}`)).toEqual([]);
      await page.keyboard.press("Escape");
    }
  });
});

/** What a finger would miss, being smaller than 24 pixels (WCAG 2.2, 2.5.8), and what scrolls sideways. */
function hardToMeet(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const all = [...document.querySelectorAll<HTMLElement>("#app *")];
    const small = all.filter((one) => {
      const { width, height } = one.getBoundingClientRect();
      return (
        one.matches("a[href], button, summary, input, select") &&
        width > 0 &&
        Math.min(width, height) < 24
      );
    });
    const wide = all.filter((one) => {
      const scrolls = /auto|scroll/.test(getComputedStyle(one).overflowX);
      return (
        scrolls &&
        !one.matches(".tabs") &&
        one.scrollWidth > one.clientWidth + 1 &&
        one.querySelector(".diff, .lines") === null
      );
    });
    return [...small, ...wide].map((one) => one.outerHTML.slice(0, 120));
  });
}

/** A page of ours with a report in a frame, as the browser of captures has it. */
async function framed(page: Page, file: string) {
  await page.route("http://frame.test/**", async (route) =>
    route.request().url().endsWith("/report")
      ? route.fulfill({ path: file, contentType: "text/html" })
      : route.fulfill({
          body: '<!doctype html><iframe sandbox="allow-scripts" src="/report" width="1200" height="800">',
          contentType: "text/html",
        }),
  );
  await page.goto("http://frame.test/");
  return page.frameLocator("iframe");
}

describe("a run with little in it", () => {
  it("is told from outside alone where there are no native events", async () => {
    const { page, faults } = await reports.open("bare");
    await openPane(page, "conversation");
    expect(await page.locator('[data-item^="call-"]').count()).toBeGreaterThan(0);
    expect(faults).toEqual([]);
  });

  it("has a page even where nothing is left", async () => {
    const { page, faults } = await reports.open("empty");
    for (const pane of PANES) await openPane(page, pane);
    expect(faults).toEqual([]);
    expect(await page.locator("#head").textContent()).toContain("capture not valid");
    expect((await axe(page).analyze()).violations.map(({ id }) => id)).toEqual([]);
  });
});
