import { appendFileSync, chmodSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { allowance, DIFF_BOUNDS } from "../../src/observe/files-content.js";
import { parseMounts } from "../../src/observe/files-mounts.js";
import {
  knownPlanted,
  type PlantedFile,
  readsByAccessTime,
} from "../../src/observe/files-planted.js";
import { diffSystem } from "../../src/observe/files-system.js";
import type { SystemView } from "../../src/observe/files-view.js";
import { deepChain, isRoot, run, tree } from "./files-trees.js";

async function seen(view: Partial<SystemView>) {
  const whole = {
    layers: null,
    merged: null,
    engineChanges: async () => [],
    ...{ places: [], memory: [], ignore: [] },
  };
  const result = await diffSystem({ ...whole, ...view }, allowance(DIFF_BOUNDS));
  const changes = Object.fromEntries(result.changes.map((one) => [one.path, one]));
  return { result, changes };
}

describe("what was planted in the room", () => {
  const planted: PlantedFile[] = [
    { path: "/home/agent/.aws", mode: 0o700, contents: null, mtime: new Date(1e12) },
    {
      ...{ path: "/home/agent/.aws/credentials", mode: 0o600, mtime: new Date(1e12) },
      contents: Buffer.from("key = 1\n"),
    },
    {
      ...{ path: "/home/agent/.env", mode: 0o600, mtime: new Date(1e12) },
      contents: Buffer.from("A=1\n"),
    },
  ];
  const known = new Map(planted.map((file) => [file.path.slice(1), knownPlanted(file)]));
  const lowers = () => [tree({ "home/agent/": "" })];
  /** A writable layer as the engine leaves it after planting, all read and written long ago. */
  const layer = () => {
    const upper = tree({ "home/agent/.aws/credentials": "key = 1\n", "home/agent/.env": "A=1\n" });
    chmodSync(join(upper, "home/agent/.aws"), 0o700);
    for (const { path, mode, mtime } of planted) {
      chmodSync(join(upper, path), mode);
      utimesSync(join(upper, path), mtime, mtime);
    }
    return upper;
  };
  const changed = async (upper: string) =>
    (await seen({ layers: { upper, lowers: lowers() }, planted: known })).result.changes.map(
      ({ path, change, patch }) => [change, path, patch?.match(/^[-+]\w.*$/gm)],
    );

  it("is no change while it stays as it was", async () => {
    expect(await changed(layer())).toEqual([]);
  });

  it("is compared with what was planted, and is missed where it is gone", async () => {
    const upper = layer();
    appendFileSync(join(upper, "home/agent/.env"), "B=2\n");
    rmSync(join(upper, "home/agent/.aws"), { recursive: true });
    expect(await changed(upper)).toEqual([
      ["deleted", "/home/agent/.aws", undefined],
      ["modified", "/home/agent/.env", ["+B=2"]],
    ]);
  });

  it("is told apart in the engine's list as far as that goes", async () => {
    const rows = [
      { Path: "/home/agent/.aws", Kind: 1 },
      { Path: "/home/agent/.aws/credentials", Kind: 1 },
      { Path: "/home/agent/.new", Kind: 1 },
    ];
    const { result } = await seen({ planted: known, engineChanges: async () => rows });
    expect(result.changes.map(({ change, path }) => [change, path])).toEqual([
      ["added", "/home/agent/.new"],
      ["deleted", "/home/agent/.env"],
    ]);
  });

  it("shows that it was read, once and without a name", () => {
    const upper = layer();
    const read = () => readsByAccessTime(planted, [], upper)?.map(({ path, how }) => [path, how]);
    expect(read()).toEqual([]);
    const opened = new Date(1.5e12);
    utimesSync(join(upper, "home/agent/.env"), opened, new Date(1e12));
    expect(read()).toEqual([["/home/agent/.env", "access_time"]]);
    // Rewritten: its times tell of the writing.
    utimesSync(join(upper, "home/agent/.env"), opened, new Date(1.4e12));
    rmSync(join(upper, "home/agent/.aws"), { recursive: true });
    symlinkSync("/etc", join(upper, "home/agent/.aws"));
    expect(read()).toEqual([]);
    expect(readsByAccessTime(planted, [], null)).toBeNull();
    const home = [{ root: join(layer(), "home/agent"), shown: "/home/agent" }];
    expect(readsByAccessTime(planted, home, null)).toEqual([]);
  });
});

describe("the room's writable layer", () => {
  it("is compared with the layers below it, nearest first", async () => {
    const bottom = tree({
      "etc/a": "bottom\n",
      "etc/b": "b\n",
      "etc/same": "s\n",
      "var/lib/x": "x\n",
    });
    const top = tree({ "etc/a": "top\n" });
    const upper = tree({
      "etc/a": "changed\n",
      "etc/b": "b\n",
      "etc/same": "s\n",
      "home/agent/.bashrc": "evil\n",
      "var/lib/": "",
    });
    chmodSync(join(upper, "etc/b"), 0o777);
    const { result, changes } = await seen({ layers: { upper, lowers: [top, bottom] } });
    expect(result.changes.map(({ path, change }) => `${change} ${path}`)).toEqual([
      "modified /etc/a",
      "mode_changed /etc/b",
      "added /home",
      "added /home/agent",
      "added /home/agent/.bashrc",
    ]);
    expect(changes["/etc/a"]?.patch).toContain("-top\n+changed");
    expect(changes["/home/agent/.bashrc"]?.patch).toContain("+++ b/home/agent/.bashrc");
    expect(result.source).toBe("the writable layer, read from outside");
    expect(result.blind_spots).toHaveLength(1);
  });

  it.runIf(isRoot)("(needs root) has deletion marks, in it and between the layers", async () => {
    const bottom = tree({ "etc/a": "a\n", "etc/b": "b\n", "usr/share/x/y": "y\n" });
    const top = tree({ "etc/": "" });
    const upper = tree({ "etc/b": "again\n", "usr/share/": "" });
    run("mknod", join(top, "etc/b"), "c", "0", "0");
    run("mknod", join(upper, "etc/a"), "c", "0", "0");
    run("mknod", join(upper, "usr/share/x"), "c", "0", "0");
    run("mknod", join(upper, "never"), "c", "0", "0");
    const { changes } = await seen({ layers: { upper, lowers: [top, bottom] } });
    expect(Object.keys(changes)).toEqual(["/etc/a", "/etc/b", "/usr/share/x"]);
    expect(changes["/etc/a"]).toMatchObject({ change: "deleted", kind: "file" });
    expect(changes["/etc/a"]?.patch).toContain("-a");
    expect(changes["/etc/b"]).toMatchObject({ change: "added" });
    expect(changes["/usr/share/x"]).toMatchObject({ change: "deleted", kind: "dir" });
  });

  it("shows what is gone from a folder that was made again, by the room's own view", async () => {
    const lower = tree({ "opt/d/gone": "g\n", "opt/d/kept": "k\n", "opt/e/still": "s\n" });
    const upper = tree({ "opt/d/kept": "k2\n", "opt/e/new": "n\n" });
    const merged = tree({ "opt/d/kept": "k2\n", "opt/e/new": "n\n", "opt/e/still": "s\n" });
    const { result } = await seen({ layers: { upper, lowers: [lower] }, merged });
    expect(result.changes.map(({ path, change }) => `${change} ${path}`)).toEqual([
      "deleted /opt/d/gone",
      "modified /opt/d/kept",
      "added /opt/e/new",
    ]);
    expect(result.blind_spots).toEqual([]);
  });

  it("is read without the engine's own files, mounts, and links in the layers below", async () => {
    const lower = tree({ "real/f": "of the image\n" });
    symlinkSync("real", join(lower, "link"));
    const upper = tree({ "etc/hosts": "h", "etc/x": "x\n", "mnt/w/f": "f", "link/f": "new\n" });
    const { result } = await seen({
      layers: { upper, lowers: [lower] },
      ignore: ["/etc/hosts", "/mnt/w"],
    });
    expect(result.changes.map(({ path, change }) => `${change} ${path}`)).toEqual([
      "added /etc",
      "added /etc/x",
      "type_changed /link",
      "added /link/f",
      "added /mnt",
    ]);
  });

  it("may be 1,500 folders deep", async () => {
    const upper = tree();
    deepChain(upper, 1500);
    const { result } = await seen({ layers: { upper, lowers: [tree({ "d/d/x": "x" })] } });
    expect(result.changes).toHaveLength(1499);
  });
});

describe("places of the room that are in no layer", () => {
  it("are walked on their own, without what is mounted in them", async () => {
    const shm = tree({ "a.txt": "a\n", "sub/mounted/x": "x" });
    const { result } = await seen({
      layers: { upper: tree(), lowers: [] },
      places: [
        {
          root: shm,
          baseline: null,
          original: null,
          shownBelow: "/dev/shm/",
          isForeign: (path) => path === "/dev/shm/sub/mounted",
        },
      ],
    });
    expect(result.changes.map(({ path }) => path)).toEqual(["/dev/shm/a.txt", "/dev/shm/sub"]);
  });

  it("are found in the room's own list of mounts", () => {
    const mounts = parseMounts(
      [
        "1 0 0:1 / / rw,relatime - overlay overlay rw",
        "2 1 0:2 / /dev rw,nosuid - tmpfs tmpfs rw",
        "3 2 0:3 / /dev/shm rw,nosuid,nodev shared:1 - tmpfs shm rw",
        "4 1 0:4 / /sys/firmware ro - tmpfs tmpfs ro",
        "5 1 254:0 /w /with\\040space rw master:2 - ext4 /dev/vda rw",
        "6 1 0:6 / /run ro - tmpfs tmpfs ro",
        "",
      ].join("\n"),
    );
    expect(mounts.memory).toEqual(["/dev/shm"]);
    expect(mounts.points).toContain("/with space");
    expect(mounts.points).not.toContain("/");
  });
});

describe("the engine's list", () => {
  const rows = [
    { Path: "/etc", Kind: 0 },
    { Path: "/etc/a", Kind: 0 },
    { Path: "/home", Kind: 0 },
    { Path: "/tmp/x", Kind: 1 },
    { Path: "/usr/gone", Kind: 2 },
    { Path: "/workspace/a", Kind: 1 },
  ];

  it("stands in where the layers cannot be read, and what it lacks is said", async () => {
    const gone = { upper: "/nowhere/at/all", lowers: [] };
    const { result } = await seen({
      layers: gone,
      engineChanges: async () => rows,
      ignore: ["/workspace"],
    });
    expect(result.changes.map(({ path, change, kind }) => `${change} ${path} ${kind}`)).toEqual([
      "modified /etc/a unknown",
      "modified /home unknown",
      "added /tmp/x unknown",
      "deleted /usr/gone unknown",
    ]);
    expect(result.blind_spots.join()).toContain("only names are known");
    expect(result.totals).toMatchObject({ modified: 2, added: 1, deleted: 1 });
  });

  it("is bounded, too", async () => {
    const whole = { layers: null, merged: null, places: [], memory: [], ignore: [] };
    const engineChanges = async () => rows;
    const left = allowance({ ...DIFF_BOUNDS, maxChanges: 2 });
    const result = await diffSystem({ ...whole, engineChanges }, left);
    expect([result.changes.length, result.omitted]).toEqual([2, 3]);
  });
});
