import { readFile, writeFile } from "node:fs/promises";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { RunFile, runFile } from "../../src/record/directory.js";
import { PANES } from "../../src/report/page/address.js";
import { overflows, violations } from "./browser.js";
import { writeHostileRun } from "./hostile-run.js";
import { copyGolden, reportsOf } from "./reports.js";

const PLANTED = "/home/agent/.aws/credentials";
const SAID =
  "# Done\n\n- **one** `two`\n\n[a link](https://evil.test/) ![seen](https://evil.test/x.png)\n\n<b>raw</b>";

/** Colours before and behind, and styles, a word of each; each of the first on each of the second. */
const EVERY_COLOUR = [30, 31, 32, 33, 34, 35, 36, 37, 90, 97, 2, 7, 8]
  .flatMap((front) => [49, 40, 41, 42, 43, 44, 47].map((back) => `\u001b[0;${front};${back}mword`))
  .join(" ");

const reports = reportsOf({
  async usual(directory) {
    await copyGolden(directory);
    await enrich(directory);
    await plant(directory);
  },
  hostile: writeHostileRun,
});

/** The golden run with markdown, colours, a patch of 10 MB, a departed replay and a failed call. */
async function enrich(directory: string): Promise<void> {
  const edit = async (file: RunFile, change: (text: string) => string) => {
    const path = runFile(directory, file);
    await writeFile(path, change(await readFile(path, "utf8").catch(() => "")));
  };
  await edit(RunFile.modelCalls, (text) => {
    const calls = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    Object.assign(calls[0], { text: SAID });
    Object.assign(calls[1], { status: 500, error: "HTTP 500: out of order", retry: 1 });
    Object.assign(calls[2].tokens, { output: 1_000_000 });
    return calls.map((call) => `${JSON.stringify(call)}\n`).join("");
  });
  await edit(RunFile.files, (text) => {
    const diff = JSON.parse(text);
    const [first] = diff.workspace;
    const patch = `--- a/huge\n+++ b/huge\n@@ -0,0 +1,1700000 @@\n${"+line\n".repeat(1_700_000)}`;
    diff.workspace.push({ ...first, path: "deep/down/huge", kind: "file", patch });
    diff.workspace[3].canaries = [{ canary: "aws_credentials", as: "base64" }];
    const script = { process: "4685-1879779", call_id: "call_2_1" };
    const at = diff.coverage.ended_at;
    diff.reads = [{ path: PLANTED, how: "opened", at, count: 1, ...script }];
    return JSON.stringify(diff);
  });
  await edit(
    RunFile.stdout,
    () => `\u001b[31mred\u001b[0m plain\n${EVERY_COLOUR}\n\u001b[2J\n${"wide ".repeat(400)}\n`,
  );
  await edit(RunFile.replay, () =>
    JSON.stringify({
      ...{ format: 1, origin: { run_id: "first", cassette_sha256: "0" }, recorded_calls: 6 },
      ...{ exact: 5, nearest: 1, none: 0, departures_omitted: 0, unused: [] },
      departures: [
        { seq: 2, recorded_seq: 2, purpose: "turn", turn: 1, diff: "@@ -1 +1 @@\n-then\n+now\n" },
      ],
    }),
  );
}

async function plant(directory: string): Promise<void> {
  const canary = { id: "aws_credentials", path: PLANTED, variable: null, values: ["x".repeat(40)] };
  const canaries = [canary, { ...canary, id: "dotenv", path: "/home/agent/.env" }];
  await writeFile(runFile(directory, RunFile.canaries), JSON.stringify({ format: 1, canaries }));
}

async function open(report: "usual" | "hostile", place: string, options = {}) {
  const opened = await reports.open(report, options);
  await opened.page.goto(`${opened.page.url().split("#")[0]}#${place}`);
  await opened.page.locator("#pane section.pane").first().waitFor();
  return opened;
}
const pane = (page: Page) => page.locator("#pane");
async function faultsOfAccess(page: Page): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode().include("#pane");
  const { violations: found } = await axe.analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}
const address = (page: Page) => page.evaluate(() => location.hash.slice(1).split("&")[0]);

describe("findings", () => {
  it("lead from their evidence to the process, and on to the call that caused it", async () => {
    const { page } = await open("usual", "findings");
    expect(await pane(page).textContent()).toContain("observed severe");
    await page.locator(".evidence a[data-to^='p-']").first().click();
    expect(await address(page)).toMatch(/^p-\d+$/);
    expect(await pane(page).textContent()).toContain("postinstall.js");
  });
});

describe("planted credentials", () => {
  it("tell who read one and where it was left, and are told where that is shown", async () => {
    const { page, faults } = await open("usual", "findings");
    const [read, dotenv] = [page.locator("#canary-1"), page.locator("#canary-2")];
    expect(await read.textContent()).toMatch(/read by .*node scripts\/postinstall.js/);
    expect(await read.textContent()).toMatch(
      /left in the file package-lock.json.*#4 bash npm install/,
    );
    expect(await dotenv.textContent()).toContain("not touched");
    await read.locator('a[data-to^="file-"]').click();
    const file = page.locator("#pane .selected");
    await expect.poll(() => file.textContent()).toContain("package-lock.json");
    await file.getByRole("link", { name: /planted credential/ }).click();
    expect(await address(page)).toBe("canary-1");
    await read.locator('a[data-to^="p-"]').click();
    await page
      .locator(".process.selected")
      .getByRole("link", { name: /planted/ })
      .click();
    expect(await address(page)).toBe("canary-1");
    expect(faults).toEqual([]);
  });
});

describe("the conversation", () => {
  it("tells in order what was said, claimed and observed, its markdown harmless", async () => {
    const { page, faults } = await open("usual", "conversation");
    const turn = page.locator("#turn-1");
    await turn.locator(".md-heading").waitFor();
    expect(await turn.locator(".md li strong").textContent()).toBe("one");
    expect(await turn.textContent()).toContain("a link ‹https://evil.test/›");
    expect(await turn.textContent()).toContain("<b>raw</b>");
    expect(await turn.locator(".md a, .md img, .md b").count()).toBe(0);
    const order = await page
      .locator(".conversation > *")
      .evaluateAll((all) => all.slice(0, 6).map((one) => one.id || one.className));
    expect(order.slice(0, 6)).toEqual([
      ...["message system", "message user", "turn-1", "call-1", "call-2", "call-3"],
    ]);
    const install = page.locator("#call-4");
    expect(await install.textContent()).toContain("exit code 0");
    await install.locator("a[data-to^='file-']").first().click();
    expect(await address(page)).toMatch(/^file-/);
    expect(faults).toEqual([]);
  });
});

describe("files", () => {
  it("show patches below and beside each other, in a tree and as a list", async () => {
    const { page } = await open("usual", "files");
    const report = page.locator(".file", { hasText: "report.js" }).first();
    if ((await report.locator("table.diff").count()) === 0) await report.locator("summary").click();
    await report.locator("table.unified mark, table.unified tr.add").first().waitFor();
    await page.getByRole("button", { name: "Side by side" }).click();
    expect(await report.locator("table.split").count()).toBe(1);
    expect(await faultsOfAccess(page)).toEqual([]);
    await page.getByRole("button", { name: "List" }).click();
    expect(await page.locator(".path", { hasText: "src/report.js" }).count()).toBe(1);
    expect(await page.locator(".folder").count()).toBe(0);
  });

  it("stay usable with a patch of ten megabytes, and say what is missing of it", async () => {
    const { page } = await open("usual", "files");
    const huge = page.locator(".file", { hasText: "huge" });
    expect(await huge.locator("summary").textContent()).toContain("+1,700,000");
    await huge.locator("summary").click();
    await huge.locator(".more").waitFor();
    expect(await huge.locator("tr").count()).toBeLessThan(500);
    expect(await huge.textContent()).toMatch(/more characters of the patch are in observations/);
  });
});

describe("network", () => {
  it("puts what was refused first, by host or by process", async () => {
    const { page } = await open("usual", "network");
    expect(await page.locator(".group").first().textContent()).toContain("refused");
    expect(await page.locator(".group").last().textContent()).toContain("model gateway");
    await page.getByRole("button", { name: "By process" }).click();
    expect(await page.locator(".group-head", { hasText: "npm install" }).count()).toBe(1);
    await page.locator(".names a[data-to^='p-']").last().click();
    expect(await address(page)).toMatch(/^p-/);
  });
});

describe("model calls", () => {
  it("say where the sources disagree, what failed, and how a replay departed", async () => {
    const { page } = await open("usual", "model");
    expect(await pane(page).textContent()).toContain("The sources do not agree: out by ");
    expect(await page.locator("#turn-2 .state.bad").allTextContents()).toContain(
      "HTTP 500: out of order",
    );
    await page.locator(".replay summary").click();
    expect(await page.locator(".replay td.code.add").textContent()).toBe("now");
    expect(await faultsOfAccess(page)).toEqual([]);
    await page.locator("#turn-3 a", { hasText: "in the conversation" }).click();
    await page.locator(".conversation #turn-3.selected").waitFor();
  });
});

describe("logs", () => {
  it("have colours, line numbers, a filter, and wrap on demand", async () => {
    const { page } = await open("usual", "log-stdout", { colorScheme: "dark" });
    expect(await page.locator(".lines .ansi-fg-red").first().textContent()).toBe("red");
    expect(await page.locator(".lines").textContent()).toContain("␛[2J");
    expect(await faultsOfAccess(page)).toEqual([]);
    const box = page.locator(".log .scroll");
    const wide = () => box.evaluate((one) => one.scrollWidth > one.clientWidth);
    expect(await wide()).toBe(false);
    await page.getByRole("button", { name: "Wrap lines" }).click();
    expect(await wide()).toBe(true);
    await page.locator("input[type=search]").first().fill("plain");
    await expect.poll(() => page.locator(".lines tr").count()).toBe(1);
  });
});

describe("events", () => {
  it("are filtered by type, and open to what they carried", async () => {
    const { page } = await open("usual", "events");
    expect(await page.locator(".noise summary").textContent()).toMatch(/\d+ more folded as noise/);
    await page.locator("button.chip", { hasText: "shell.env" }).click();
    expect(await page.locator(".events > li").count()).toBe(3);
    await page.locator(".events summary").first().click();
    expect(await page.locator(".carried pre").textContent()).toContain('"cwd": "/workspace"');
  });
});

describe("the run", () => {
  it("says how sure each observation is and what the seal covers", async () => {
    const { page } = await open("usual", "run");
    const text = await pane(page).textContent();
    for (const words of [
      "4.0 GiB of memory",
      "of what was written several times",
      "session/export",
    ])
      expect(text).toContain(words);
  });
});

describe("panes of a run that attacks its reader", () => {
  it.each([1440, 390])("run nothing, lead nowhere and fit a window of %d", async (width) => {
    const viewport = { width, height: 900 };
    const { page, faults } = await open("hostile", "findings", { viewport });
    for (const name of PANES) {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, name);
      await page.locator(`.pane-${name}`).waitFor();
      await expect.poll(() => pane(page).textContent()).not.toContain("Reading…");
      await page.evaluate(() => {
        for (const details of document.querySelectorAll<HTMLDetailsElement>("#pane details"))
          details.open = true;
      });
      expect([name, await overflows(page)]).toEqual([name, false]);
      const strange = await page.evaluate(() => ({
        links: [...document.querySelectorAll("#pane a")].filter(
          (link) => !/^#[a-z]+(-\d+)?(&in=[a-z]+)?$/.test(link.getAttribute("href") ?? ""),
        ).length,
        foreign: document.querySelectorAll("#pane :is(img, iframe, object, form, b:not(.chip b))")
          .length,
      }));
      expect([name, strange]).toEqual([name, { links: 0, foreign: 0 }]);
      expect(await pane(page).textContent()).not.toMatch(/[^\P{C}\n\t]/u);
    }
    expect(await page.evaluate(() => "pwned" in globalThis)).toBe(false);
    expect(await violations(page)).toEqual([]);
    expect(faults).toEqual([]);
  });
});
