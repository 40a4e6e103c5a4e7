// How late the page shows what a running capture does, and what that costs the server.
import { appendFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openChromium } from "../scripts/chromium.mjs";
import { serveAlone } from "./browse-server.mjs";
import { PROJECT } from "./built.mjs";
import { timed } from "./measure.mjs";
import { syntheticRun } from "./synthetic-run.mjs";

const GOLDEN = join(PROJECT, "test/golden/run");
const CHANGES = 20;
const FOLLOWED_MS = 10_000;
const APPEND_EVERY_MS = 100;
/** What a supervisor tells of a run so far is bounded; see src/capture/live.ts. */
const TOLD = 1_000;

/**
 * How long a tool call takes from the file to its row on the page, and a process from the file to
 * the report beside the list, in ms.
 */
export async function changes(captures, cache, signal) {
  const end = await serveAlone(captures, cache);
  const chromium = await openChromium();
  const directory = join(captures.folder, "20270101T000000000Z-running");
  try {
    const page = await chromium.newPage();
    await page.goto(end.url);
    await page.locator("#rows li").first().waitFor();
    await beginRun(directory);
    const row = page.locator(`#rows li:has([data-id="20270101T000000000Z-running"])`);
    await row.waitFor();
    const calls = [];
    for (let call = 1; call <= CHANGES; call += 1) {
      signal.throwIfAborted();
      const { ms } = await timed(async () => {
        await appendFile(join(directory, "events/opencode_events.jsonl"), toolCall(call));
        await row.getByText(`${call} tool call`, { exact: false }).waitFor();
      });
      calls.push(ms);
    }
    await row.locator("a").click();
    const report = page.frameLocator("iframe");
    const count = report.locator("nav a[href='#processes'] .n");
    const processes = [];
    for (let seen = 1; seen <= CHANGES; seen += 1) {
      signal.throwIfAborted();
      const { ms } = await timed(async () => {
        await tellSeen(directory, seen);
        await count.filter({ hasText: new RegExp(`^${seen}$`) }).waitFor();
      });
      processes.push(ms);
    }
    return { calls, processes };
  } finally {
    await chromium.close();
    await end();
  }
}

async function beginRun(directory) {
  const run = JSON.parse(await readFile(join(GOLDEN, "meta/run.json"), "utf8"));
  const open = { run_status: null, run_status_reason: null, ended_at: null, duration_ms: null };
  for (const name of ["meta", "events"]) await mkdir(join(directory, name), { recursive: true });
  const started_at = new Date().toISOString();
  await writeFile(
    join(directory, "meta/run.json"),
    JSON.stringify({ ...run, ...open, started_at }),
  );
}

/** What a supervisor tells of a run so far: so many processes. */
async function tellSeen(directory, count) {
  const path = join(GOLDEN, "observations/process_tree.json");
  const tree = JSON.parse(await readFile(path, "utf8"));
  const processes = Array.from({ length: count }, (_, index) => {
    const [key, argv] = [`${index + 1}-1`, [`process-number-${index + 1}`]];
    return { ...tree.processes[0], key, pid: index + 1, parent: null, argv };
  });
  const at = new Date().toISOString();
  const live = { format: 1, at, processes: { ...tree, processes }, files: null };
  await mkdir(join(directory, "observations"), { recursive: true });
  await writeFile(join(directory, "observations/live.json.tmp"), JSON.stringify(live));
  await rename(
    join(directory, "observations/live.json.tmp"),
    join(directory, "observations/live.json"),
  );
}

function toolCall(seq) {
  const data = { input: { tool: "bash" }, output: { args: { command: `echo ${seq}` } } };
  const hook = "tool.execute.before";
  const time = new Date().toISOString();
  return `${JSON.stringify({ seq, time, run_id: null, hook, type: hook, data })}\n`;
}

/**
 * What share of one core the server takes, in %, while a page looks at a running capture of that size
 * and an event is written ten times a second.
 */
export async function following(folder, cache, { processes, events }, signal) {
  const directory = join(folder, "20270101T000000000Z-long");
  await rm(folder, { recursive: true, force: true });
  await syntheticRun(directory, { processes, events });
  await goOn(directory);
  const end = await serveAlone({ folder, count: 1 }, cache);
  const chromium = await openChromium();
  try {
    const page = await chromium.newPage();
    await page.goto(`${end.url}?capture=20270101T000000000Z-long`);
    await page.frameLocator("iframe").locator("h1").waitFor({ timeout: 60_000 });
    const before = await cpuMs(end.pid);
    const { ms } = await timed(async () => {
      for (let left = FOLLOWED_MS; left > 0; left -= APPEND_EVERY_MS) {
        signal.throwIfAborted();
        await appendFile(join(directory, "events/opencode_events.jsonl"), toolCall(left));
        await sleep(APPEND_EVERY_MS);
      }
    });
    return [(100 * ((await cpuMs(end.pid)) - before)) / ms];
  } finally {
    await chromium.close();
    await end();
  }
}

/** Makes of a run that has ended one that goes on, with what its supervisor tells so far. */
async function goOn(directory) {
  const path = (name) => join(directory, `observations/${name}.json`);
  const read = async (file) => JSON.parse(await readFile(file, "utf8"));
  const [tree, diff, network, resources] = await Promise.all(
    ["process_tree", "fs_diff", "network", "resources"].map((name) => read(path(name))),
  );
  const processes = { ...tree, processes: tree.processes.slice(-TOLD) };
  const workspace = diff.workspace.slice(-TOLD).map(({ patch: _, ...change }) => change);
  const files = { ...diff, workspace };
  const at = new Date().toISOString();
  const live = { format: 1, at, processes, files, network, resources };
  await writeFile(path("live"), JSON.stringify(live));
  for (const name of ["process_tree", "fs_diff", "network", "resources"]) await rm(path(name));
  const run = await read(join(directory, "meta/run.json"));
  const open = { run_status: null, run_status_reason: null, ended_at: null, duration_ms: null };
  await writeFile(join(directory, "meta/run.json"), JSON.stringify({ ...run, ...open }));
}

/** What a process has used so far: fields 14 and 15 of proc(5), stat, in ticks of 10 ms. */
async function cpuMs(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return 10 * (Number(user) + Number(system));
}
