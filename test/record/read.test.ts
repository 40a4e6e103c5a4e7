import { execFileSync } from "node:child_process";
import { appendFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { readJsonLines } from "../../src/record/lines.js";
import { readBounded, readJson, UnreadableRecord } from "../../src/record/read.js";
import { temporaryFolder } from "../folder.js";

const Line = z.looseObject({ n: z.int() });
let folder: string;
let path: string;
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, "file");
});

describe("readBounded", () => {
  test("gives head or tail, and says how much it left out", async () => {
    writeFileSync(path, "0123456789");
    expect(await readBounded(path, 4)).toEqual({ text: "0123", size_bytes: 10, omitted_bytes: 6 });
    expect((await readBounded(path, 4, "tail")).text).toBe("6789");
    expect((await readBounded(path, 100)).omitted_bytes).toBe(0);
  });

  test("follows no link and waits for no FIFO", async () => {
    writeFileSync(path, "secret");
    symlinkSync(path, join(folder, "link"));
    execFileSync("mkfifo", [join(folder, "fifo")]);
    await expect(readBounded(join(folder, "link"), 10)).rejects.toThrow(
      "symbolic link, which is not followed",
    );
    await expect(readBounded(join(folder, "fifo"), 10)).rejects.toThrow("not a regular file");
  });
});

describe("readJson", () => {
  test("keeps keys that it does not know", async () => {
    writeFileSync(path, '{"n":1,"later":true}');
    expect(await readJson(path, Line)).toEqual({ n: 1, later: true });
  });

  test.each([
    ["{", "not JSON"],
    ['{"n":"x"}', "n: "],
    ["[]", "expected object"],
  ])("%s is told by file and key", async (text, message) => {
    writeFileSync(path, text);
    await expect(readJson(path, Line)).rejects.toThrow(UnreadableRecord);
    await expect(readJson(path, Line)).rejects.toThrow(message);
    await expect(readJson(path, Line)).rejects.toThrow(path);
  });
});

describe("readJsonLines", () => {
  test("counts bad lines, and takes a last line without its end", async () => {
    writeFileSync(path, '{"n":1}\nnonsense\n\n{"n":"x"}\n{"n":2}');
    expect(await readJsonLines(path, Line)).toEqual({
      lines: [{ n: 1 }, { n: 2 }],
      bad_lines: 2,
      omitted_lines: 0,
      omitted_bytes: 0,
    });
  });

  test("a torn last line is one bad line", async () => {
    writeFileSync(path, '{"n":1}\n{"n":');
    expect(await readJsonLines(path, Line)).toMatchObject({ lines: [{ n: 1 }], bad_lines: 1 });
  });

  test("bounds lines, line length and bytes, and counts what is left out", async () => {
    for (let n = 0; n < 100; n += 1) appendFileSync(path, `{"n":${n}}\n`);
    expect(await readJsonLines(path, Line, { maxLines: 3 })).toMatchObject({ omitted_lines: 97 });
    expect((await readJsonLines(path, Line, { maxBytes: 16 })).omitted_bytes).toBeGreaterThan(0);
    writeFileSync(path, `{"n":1,"x":"${"y".repeat(300_000)}"}\n{"n":2}\n`);
    const { lines, bad_lines } = await readJsonLines(path, Line, { maxLineBytes: 100_000 });
    expect([lines, bad_lines]).toEqual([[{ n: 2 }], 1]);
  });

  test("bytes that are not UTF-8 are replaced, not fatal", async () => {
    writeFileSync(path, Buffer.from('{"n":1,"s":"\xff\xfe"}\n', "latin1"));
    expect((await readJsonLines(path, Line)).lines).toHaveLength(1);
  });
});
