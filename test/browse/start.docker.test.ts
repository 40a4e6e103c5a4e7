import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RunFile, runFile } from "../../src/record/directory.js";
import { readJson } from "../../src/record/read.js";
import { RunRecord } from "../../src/record/run.js";
import { bash, containersOf, scratchForEach } from "../capture/room.js";
import { command, objects } from "../cli/command.js";

const folder = scratchForEach();

/** `browse --allow-run`, and what a page of it may ask. */
async function browse(captures: string, issues: string) {
  const words = ["browse", "--port", "0", "--allow-run", "--captures", captures, "--json"];
  const env = { XDG_CACHE_HOME: join(folder.path, "cache") };
  const server = command([...words, "--tasks", issues], { env });
  let said = "";
  server.stdout.on("data", (piece) => {
    said += piece;
  });
  await expect.poll(() => said, { timeout: 20_000 }).toContain("listening");
  const url = new URL(String(objects(said)[0]?.["url"]));
  const token = url.searchParams.get("token");
  const headers = { cookie: `capture_browser_${url.port}=${token}`, origin: url.origin };
  const ask = async (path: string, method = "GET") => {
    const answer = await fetch(new URL(path, url), { method, headers });
    return { status: answer.status, text: await answer.text() };
  };
  const end = async () => {
    server.kill("SIGKILL");
    await server;
  };
  return { end, ask, [Symbol.asyncDispose]: end };
}

test("a capture is started from the page, seen as it grows, and ends with the server that is killed", async () => {
  const captures = join(folder.path, "captures");
  const script = "echo new > new.txt; sleep 301";
  const issues = folder.issues([{ tool_calls: [bash(script)] }, { text: "Done." }]);
  await using served = await browse(captures, issues);
  const { ask, end } = served;
  expect((await ask("/api/starts?issue=probe", "POST")).status).toBe(202);
  const started = async () => JSON.parse((await ask("/api/starts")).text).starts[0];
  await expect.poll(async () => (await started()).capture, { timeout: 30_000 }).toBeTruthy();
  const { capture } = await started();
  const data = async () => JSON.parse((await ask(`/captures/${capture}/report-data`)).text).data;
  const changed = async () => JSON.stringify((await data()).changes);
  await expect.poll(changed, { timeout: 60_000, interval: 500 }).toContain("new.txt");
  const { running, processes, connections, resources } = await data();
  expect(running).toBe(true);
  expect(processes.pid.length).toBeGreaterThan(2);
  expect(connections.length).toBeGreaterThan(0);
  expect(resources.at.length).toBeGreaterThan(1);
  const row = async () => (await ask("/api/captures")).text;
  // Where no page is open, the list is brought up to date every few seconds.
  await expect.poll(row, { timeout: 20_000 }).toMatch(/"files":[1-9]/);
  await end();
  const record = () => readJson(runFile(join(captures, capture), RunFile.run), RunRecord);
  await expect.poll(async () => (await record()).run_status, { timeout: 40_000 }).toBe("cancelled");
  await expect.poll(() => containersOf(capture), { timeout: 20_000 }).toEqual([]);
  expect(existsSync(runFile(join(captures, capture), RunFile.live))).toBe(false);
  // The last that the capture does.
  const hasReport = () => existsSync(runFile(join(captures, capture), RunFile.report));
  await expect.poll(hasReport, { timeout: 20_000 }).toBe(true);
});
