import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { copyWorkspace } from "../../src/capture/workspace.js";
import { removeTree } from "../../src/capture/workspace-remove.js";
import { UserError } from "../../src/errors.js";
import { takeBaseline } from "../../src/observe/files.js";
import { bytes, deepChain, isRoot, run, scratch, tree } from "../observe/files-trees.js";

const target = () => join(scratch(), "copy");

describe("copyWorkspace", () => {
  it("keeps contents, modes, times, symlinks and empty folders, and leaves the original alone", async () => {
    const source = tree({ "a.txt": "one\n", "bin/run": "#!/bin/sh\n", "empty/": "", "ro/x": "x" });
    chmodSync(join(source, "bin/run"), 0o755);
    chmodSync(join(source, "a.txt"), 0o600);
    chmodSync(join(source, "ro"), 0o555);
    symlinkSync("a.txt", join(source, "link"));
    symlinkSync("nowhere/at/all", join(source, "broken"));
    utimesSync(join(source, "a.txt"), 1_000_000_000.25, 1_000_000_000.25);
    lutimesSync(join(source, "link"), 999_999_999, 999_999_999);
    utimesSync(join(source, "empty"), 1, 2);
    // At the end of a microsecond, as a double cannot tell from the next one's start.
    execFileSync("touch", ["-d", "@1795296354.367535990", join(source, "bin/run")]);
    const before = await takeBaseline(source);
    await using copy = await copyWorkspace(source, target());
    expect((await takeBaseline(source)).entries).toEqual(before.entries);
    const copied = (await takeBaseline(copy.path)).entries;
    expect([...copied.keys()].sort()).toEqual([...before.entries.keys()].sort());
    for (const [path, facts] of before.entries) {
      const other = copied.get(path);
      expect([path, other?.kind, other?.mode, other?.link]).toEqual([
        path,
        facts.kind,
        facts.mode,
        facts.link,
      ]);
      expect((other?.mtimeNs ?? 0n) / 1000n, path).toBe(facts.mtimeNs / 1000n);
    }
    expect(readFileSync(join(copy.path, "bin/run"), "utf8")).toBe("#!/bin/sh\n");
    expect(copy.baseline.entries).toEqual(before.entries);
    expect(copy.stats).toEqual({ files: 8, bytes: 15, skipped: [] });
  });

  it("is gone when it is left, and stays where it is to be kept", async () => {
    const source = tree({ "a.txt": "one\n" });
    const [gone, kept] = [target(), target()];
    await (await copyWorkspace(source, gone))[Symbol.asyncDispose]();
    await (await copyWorkspace(source, kept, { keep: true }))[Symbol.asyncDispose]();
    expect([existsSync(gone), existsSync(kept)]).toEqual([false, true]);
  });

  it("refuses a source that is missing or no folder, and a target that exists", async () => {
    const source = tree({ "a.txt": "one\n" });
    await expect(copyWorkspace(join(source, "none"), target())).rejects.toThrow(UserError);
    await expect(copyWorkspace(join(source, "a.txt"), target())).rejects.toThrow("is no folder");
    await expect(copyWorkspace(source, scratch())).rejects.toThrow("EEXIST");
  });

  it("leaves out artifacts/ at the top, and itself where it lies within the source", async () => {
    const source = tree({ "artifacts/x": "x", "lib/artifacts/y": "y", "runs/": "" });
    await using copy = await copyWorkspace(source, join(source, "runs/copy"));
    expect(readdirSync(copy.path).sort()).toEqual(["lib", "runs"]);
    expect(readdirSync(join(copy.path, "runs"))).toEqual([]);
    expect(readdirSync(join(copy.path, "lib/artifacts"))).toEqual(["y"]);
  });

  it("removes what it copied when it is cancelled", async () => {
    const source = tree(Object.fromEntries([...Array(3000).keys()].map((n) => [`f${n}`, "x"])));
    const [path, controller] = [target(), new AbortController()];
    const copying = copyWorkspace(source, path, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 20);
    await expect(copying).rejects.toThrow("enough");
    expect(existsSync(path)).toBe(false);
  });

  it("names FIFOs and sockets, and copies names of any bytes and links as they are", async () => {
    const source = tree();
    const names = [
      "new\nline",
      "\x1b[31mred",
      "\xe2\x80\xaeltr",
      "<b>",
      "__proto__",
      "-rf",
      "\xff\xfe",
    ];
    for (const name of names) writeFileSync(bytes(source, name), name);
    run("mkfifo", join(source, "pipe"));
    const server = createServer();
    await new Promise<void>((done) => server.listen(join(source, "socket"), done));
    symlinkSync("/etc/shadow", join(source, "shadow"));
    symlinkSync("loop", join(source, "loop"));
    symlinkSync(".", join(source, "self"));
    try {
      await using copy = await copyWorkspace(source, target());
      expect(copy.stats.skipped.sort()).toEqual(['"pipe": a fifo', '"socket": a socket']);
      expect(readlinkSync(join(copy.path, "shadow"))).toBe("/etc/shadow");
      expect(readlinkSync(join(copy.path, "loop"))).toBe("loop");
      for (const name of names) expect(readFileSync(bytes(copy.path, name), "utf8")).toBe(name);
    } finally {
      server.close();
    }
  });

  it("keeps dates before 1970 and far ahead", async () => {
    const source = tree({ old: "", far: "" });
    utimesSync(join(source, "old"), "-2177452800.5", "-2177452800.5");
    utimesSync(join(source, "far"), "15000000000", "15000000000");
    const time = (path: string) => lstatSync(path, { bigint: true }).mtimeNs;
    await using copy = await copyWorkspace(source, target());
    for (const name of ["old", "far"])
      expect(time(join(copy.path, name))).toBe(time(join(source, name)));
  });

  it("copies a sparse terabyte at once, with its holes", async () => {
    const source = tree({ huge: "start" });
    truncateSync(join(source, "huge"), 1024 ** 4);
    await using copy = await copyWorkspace(source, target());
    const { size, blocks } = lstatSync(join(copy.path, "huge"));
    expect(copy.stats.skipped).toEqual([]);
    expect([size, blocks < 1000]).toEqual([1024 ** 4, true]);
  });

  it("copies and removes 1,500 folders, one within the other", async () => {
    const source = tree();
    deepChain(source, 1500, "folder");
    const path = target();
    const copy = await copyWorkspace(source, path);
    expect(copy.stats.files).toBe(1501);
    expect((await takeBaseline(path)).entries).toHaveLength(1501);
    await copy[Symbol.asyncDispose]();
    expect(existsSync(path)).toBe(false);
  });

  it("removes folders that nobody may enter", async () => {
    const source = tree({ "shut/in/file": "x" });
    const path = target();
    const copy = await copyWorkspace(source, path);
    chmodSync(join(path, "shut/in"), 0);
    chmodSync(join(path, "shut"), 0);
    await copy[Symbol.asyncDispose]();
    expect(existsSync(path)).toBe(false);
  });

  it("names what it may not read (as root: reads it)", async () => {
    const source = tree({ "secret/file": "x", plain: "y" });
    chmodSync(join(source, "secret"), 0);
    await using copy = await copyWorkspace(source, target());
    chmodSync(join(source, "secret"), 0o700);
    expect(lstatSync(join(copy.path, "secret")).mode & 0o777).toBe(0);
    expect(copy.stats.skipped).toHaveLength(isRoot ? 0 : 1);
  });

  it.runIf(isRoot)("(needs root) gives the copy to its owner, with its special bits", async () => {
    const source = tree({ "in/tool": "x" });
    chmodSync(join(source, "in/tool"), 0o4755);
    symlinkSync("in", join(source, "link"));
    await using copy = await copyWorkspace(source, target(), { owner: { uid: 1234, gid: 4321 } });
    for (const path of [".", "in", "in/tool", "link"]) {
      const { uid, gid } = lstatSync(join(copy.path, path));
      expect([path, uid, gid]).toEqual([path, 1234, 4321]);
    }
    expect(lstatSync(join(copy.path, "in/tool")).mode & 0o7777).toBe(0o4755);
    expect(lstatSync(join(source, "in")).uid).toBe(0);
  });

  it.runIf(isRoot)(
    "(needs root) says when the disk is full, and leaves nothing on it",
    async () => {
      const disk = scratch();
      run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk);
      try {
        const copying = copyWorkspace(tree({ big: "x".repeat(200_000) }), join(disk, "copy"));
        await expect(copying).rejects.toThrow("no space left for a copy");
        expect(readdirSync(disk)).toEqual([]);
      } finally {
        run("umount", disk);
      }
    },
  );

  it.runIf(isRoot)("(needs root) leaves out device nodes", async () => {
    const source = tree();
    run("mknod", join(source, "null"), "c", "1", "3");
    await using copy = await copyWorkspace(source, target());
    expect(copy.stats.skipped).toEqual(['"null": a char device']);
  });
});

describe("removeTree", () => {
  it("removes links without following them, and is content where nothing is", async () => {
    const kept = tree({ file: "x" });
    const root = tree();
    symlinkSync(kept, join(root, "link"));
    mkdirSync(join(root, "more"));
    expect(await removeTree(root)).toEqual([]);
    expect(await removeTree(root)).toEqual([]);
    expect([existsSync(root), existsSync(join(kept, "file"))]).toEqual([false, true]);
  });
});
