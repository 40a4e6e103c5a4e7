import { existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder } from "../../src/record/folder.js";
import { temporaryFolder } from "../folder.js";

test("a folder is made with those above it, by several at once too, and taken where it is", async () => {
  const deep = join(temporaryFolder(), "a/b/c");
  const made = await Promise.all([makeFolder(deep), makeFolder(deep), makeFolder(`${deep}/d`)]);
  expect(made.filter(Boolean)).not.toHaveLength(0);
  expect(existsSync(join(deep, "d"))).toBe(true);
  expect(await makeFolder(deep)).toBe(false);
  symlinkSync(deep, join(deep, "link"));
  expect(await makeFolder(join(deep, "link"))).toBe(false);
});

test("where none can be made the system says why, and soon", async () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  await expect(makeFolder(file)).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeFolder(join(file, "below"))).rejects.toMatchObject({ code: "ENOTDIR" });
  await expect(makeFolder("/proc/none/of/these")).rejects.toMatchObject({ code: "ENOENT" });
});
