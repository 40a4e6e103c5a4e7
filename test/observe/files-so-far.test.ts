import { appendFileSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { takeBaseline } from "../../src/observe/files-baseline.js";
import { type ChangesRequest, watchChanges } from "../../src/observe/files-so-far.js";
import { temporaryFolder } from "../folder.js";
import { tree } from "./files-trees.js";

const nothingChanged = { layers: null, hostPid: null, changes: async () => [] };

function watch(request: Partial<ChangesRequest>) {
  return watchChanges({ room: nothingChanged, workspace: null, newest: 5, ...request });
}

it("tells what differs from the baseline while it goes on, the latest last", async () => {
  const root = temporaryFolder();
  for (const name of ["kept", "gone", "kind", "written"]) writeFileSync(join(root, name), name);
  await using watching = watch({ workspace: { root, baseline: await takeBaseline(root) } });
  const told = () => watching.soFar().workspace.map(({ path, change }) => `${change} ${path}`);
  expect(told()).toEqual([]);
  mkdirSync(join(root, "folder"));
  await expect.poll(told).toEqual(["added folder"]);
  appendFileSync(join(root, "written"), "more");
  await expect.poll(told).toEqual(["added folder", "modified written"]);
  rmSync(join(root, "gone"));
  rmSync(join(root, "kind"));
  symlinkSync("/etc/passwd", join(root, "kind"));
  await expect.poll(() => told().sort()).toContain("type_changed kind");
  expect(told()[0]).toBe("deleted gone");
  expect(told()).not.toContain("modified kept");
  for (let n = 0; n < 20; n += 1) writeFileSync(join(root, "folder", `${n}`), "");
  await expect.poll(() => watching.soFar().omitted).toBe(19);
  expect(watching.soFar().workspace.length).toBe(5);
  // A tree that is gone tells nothing new, and breaks nothing.
  rmSync(root, { recursive: true });
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(watching.soFar().workspace.length).toBeLessThanOrEqual(5);
});

it("tells what is outside the workspace from the room's writable layer", async () => {
  const lower = tree({ "etc/hosts": "1", "etc/passwd": "root", "home/agent/kept": "as it was" });
  const upper = tree({ "home/agent/kept": "as it was", "workspace/file": "x", "etc/hosts": "2" });
  const home = temporaryFolder();
  // Only opened for writing: its copy in the layer has the time of the one in the image.
  for (const root of [lower, upper]) utimesSync(join(root, "home/agent/kept"), 1e9, 1e9);
  await using watching = watch({
    room: { ...nothingChanged, layers: { upper, lowers: [lower] } },
    workspace: { root: home, baseline: await takeBaseline(home) },
    places: [{ root: home, shown: "/home/other", baseline: await takeBaseline(home) }],
    ignore: ["/workspace"],
  });
  const told = () => watching.soFar().system.map(({ path, change }) => `${change} ${path}`);
  await expect.poll(told).toEqual([]);
  appendFileSync(join(upper, "etc/passwd"), "root, and another");
  await expect.poll(told).toEqual(["modified /etc/passwd"]);
  writeFileSync(join(home, "beside"), "");
  await expect.poll(told).toEqual(["modified /etc/passwd", "added /home/other/beside"]);
  expect(watching.soFar().blind_spots.join()).toContain("in memory");
  expect(watching.soFar().blind_spots.join()).not.toContain("only names");
});

it("asks the engine where the layer cannot be read, and does not wait for it at the end", async () => {
  let answers = 0;
  const changes = async () => {
    answers += 1;
    if (answers > 1) await new Promise(() => {});
    return [{ Path: "/tmp/made", Kind: 1 }];
  };
  {
    await using watching = watch({ room: { ...nothingChanged, changes } });
    await expect
      .poll(() => watching.soFar().system)
      .toMatchObject([{ path: "/tmp/made", change: "added", kind: "unknown" }]);
    expect(watching.soFar().blind_spots.join()).toMatch(/changes in the workspace.*only names/);
    await expect.poll(() => answers).toBe(2);
  }
  expect(answers).toBe(2);
});

it("asks no more for a list that has become too long to be read again and again", async () => {
  let answers = 0;
  const rows = Array.from({ length: 20_001 }, (_, n) => ({ Path: `/tmp/${n}`, Kind: 1 }));
  const changes = async () => {
    answers += 1;
    return answers === 1 ? rows.slice(0, 20) : rows;
  };
  await using watching = watch({ room: { ...nothingChanged, changes } });
  await expect.poll(() => watching.soFar().system.length).toBe(5);
  await expect.poll(() => watching.soFar().blind_spots.join()).toContain("more than 20000 names");
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(answers).toBe(2);
});

it("holds long paths within bounds, and counts what it lets go", async () => {
  const root = temporaryFolder();
  const baseline = await takeBaseline(root);
  const name = "n".repeat(250);
  const deep = join(root, ...Array.from({ length: 14 }, () => name));
  mkdirSync(deep, { recursive: true });
  for (let n = 0; n < 400; n += 1) writeFileSync(join(deep, `${n}`), "");
  await using watching = watch({ workspace: { root, baseline }, newest: 1000 });
  await expect.poll(() => watching.soFar().omitted).toBeGreaterThan(50);
  const { workspace, omitted } = watching.soFar();
  expect(workspace.length + omitted).toBe(414);
  expect(workspace.length).toBeGreaterThan(200);
});
