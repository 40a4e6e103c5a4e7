import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { openLiveReports } from "../../src/browse/live-reports.js";
import { pace } from "../../src/browse/pace.js";
import { beginCapture, seeSoFar, serve } from "./captures.js";

it("works at most its share of the time, and at once where somebody waits", async () => {
  const { inTurn, atOnce } = pace(3);
  const work = () => sleep(20);
  const began = performance.now();
  await Promise.all([inTurn(work), inTurn(work), inTurn(work)]);
  expect(performance.now() - began).toBeGreaterThan(3 * 20 + 2 * 60 - 5);
  const slow = pace(1_000_000);
  await slow.inTurn(work);
  const waiting = slow.inTurn(async () => "rested");
  expect(await slow.atOnce(async () => "at once")).toBe("at once");
  expect(await waiting).toBe("rested");
  await expect(atOnce(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
});

it("those who look at the same run share one report, and nobody's is not made", async () => {
  await using served = await serve();
  const run = await beginCapture(served.folder, "growing");
  await seeSoFar(run, 2);
  using live = openLiveReports();
  const patient = new AbortController().signal;
  const [one, another] = await Promise.all([
    live.data(run.directory, patient),
    live.data(run.directory, patient),
  ]);
  expect(another).toBe(one);
  expect(JSON.parse(one).data.processes.pid).toHaveLength(2);
  await seeSoFar(run, 5);
  await expect(live.data(run.directory, AbortSignal.abort())).rejects.toThrow("nobody waits");
  const later = JSON.parse(await live.data(run.directory, patient)).data;
  expect(later.processes.pid).toHaveLength(5);
  expect(later.running).toBe(true);
});
