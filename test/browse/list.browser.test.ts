import { describe, expect, it } from "vitest";
import { copyCapture, serve } from "./captures.js";
import { FAILED, SAFE, titles, useBrowser } from "./pages.js";

const { open, served } = useBrowser();

describe("the list", () => {
  it("is searched, filtered and sorted, and the address keeps it", async () => {
    const { page, faults } = await open();
    await page.keyboard.press("/");
    await page.keyboard.type("safe vendored");
    await expect.poll(() => page.locator("#count").textContent()).toBe("0 of 13 captures");
    expect(await page.locator("#nothing").textContent()).toContain("None matches");
    await page.locator("#q").fill("SPARKLINE");
    await page.locator("#status").selectOption("failed");
    await expect.poll(() => page.locator("#rows li").count()).toBe(1);
    expect(page.url()).toContain("q=SPARKLINE&status=failed");
    await page.reload();
    await expect.poll(() => page.locator("#rows li").count()).toBe(1);
    expect(await page.locator("#q").inputValue()).toBe("SPARKLINE");
    await page.locator("#clear").click();
    await expect.poll(() => page.locator("#count").textContent()).toBe("13 captures");
    await page.locator("#sort").selectOption("risk");
    await expect.poll(async () => (await titles(page)).indexOf("A safe one")).toBeGreaterThan(2);
    await page.locator("#sort").selectOption("newest");
    await expect.poll(async () => (await titles(page))[1]).toBe("A safe one");
    await page.locator("#valid").selectOption("no");
    await expect
      .poll(() => page.locator("#rows").textContent())
      .toContain("a symbolic link, which is not followed");
    expect(faults).toEqual([]);
  });

  it("shows what its address says, by itself", async () => {
    const { page } = await open();
    const ids = () =>
      page.locator("#rows a").evaluateAll((links) => links.map((link) => link.dataset["id"]));
    const expected: [string, string[]][] = [
      ["risk=safe", [SAFE]],
      ["status=failed", [FAILED]],
      ["status=broken&q=garbage", ["garbage"]],
      ["model=other%2Fmodel", [FAILED]],
      ["agent=other+2.0", [SAFE]],
      ["findings=none&risk=safe", []],
      ["findings=some&status=failed", [FAILED]],
      ["findings=grave&from=2026-11-22&risk=safe", [SAFE]],
      ["from=2026-11-22&to=2026-11-22", [SAFE]],
      ["from=2026-11-22&sort=oldest", [SAFE, FAILED]],
      ["from=2026-11-22&sort=longest", [SAFE, FAILED]],
      ["model=gone%2Fmodel", []],
    ];
    for (const [query, found] of expected) {
      await page.goto(`${served().server.url}?${query}`);
      await expect.poll(() => page.locator("#count").textContent()).toMatch(/^\d+ of 13 captures$/);
      await expect.poll(ids, { message: query }).toEqual(found);
      for (const [name, value] of new URLSearchParams(query))
        expect(await page.locator(`#${name}`).inputValue()).toBe(value);
    }
  });

  it("makes only the rows in sight, and is walked by keyboard", async () => {
    await using many = await serve(async (folder) => {
      for (let n = 0; n < 120; n += 1)
        await copyCapture(folder, `20260101T000000${String(n).padStart(3, "0")}Z-n`, {
          started_at: `2026-01-01T00:00:00.${String(n).padStart(3, "0")}Z`,
        });
    });
    const { page } = await open("", {}, many);
    await expect.poll(() => page.locator("#count").textContent()).toBe("121 captures");
    expect(await page.locator("#rows li").count()).toBeLessThan(40);
    await page.locator("body").click({ position: { x: 700, y: 500 } });
    for (let step = 0; step < 60; step += 1) await page.keyboard.press("j");
    const focused = page.locator("#rows a:focus");
    expect(await focused.getAttribute("data-id")).toBe("20260101T000000061Z-n");
    expect(await page.locator("#rows li:has(a:focus)").getAttribute("aria-posinset")).toBe("60");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.url()).toContain("capture=20260101T000000061Z-n");
    await page.keyboard.press("]");
    await expect.poll(() => page.url()).toContain("capture=20260101T000000060Z-n");
  });
});
