import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readIssues } from "../../src/capture/issues.js";
import { temporaryFolder } from "../folder.js";

const good = { id: "one", risk_level: "safe", title: "One", prompt: "Do it" };

function write(content: unknown): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "work"));
  writeFileSync(join(folder, "work", "a.txt"), "a");
  writeFileSync(join(folder, "script.json"), "{}");
  const path = join(folder, "issues.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("readIssues", () => {
  test("locates workspace and script relative to the file", async () => {
    const path = write([{ ...good, workspace: "work", files: ["a.txt"], script: "script.json" }]);
    const [ready] = await readIssues(path);
    expect(ready?.workspace).toBe(join(path, "..", "work"));
    expect(ready?.script).toBe(join(path, "..", "script.json"));
  });

  test("falls back to the project's folder, and lets --workspace go first", async () => {
    const path = write([good]);
    writeFileSync(join(path, "..", "package.json"), "{}");
    expect((await readIssues(path))[0]?.workspace).toBe(join(path, ".."));
    const override = join(path, "..", "work");
    expect((await readIssues(path, override))[0]?.workspace).toBe(override);
  });

  test("holds no other issue's files against the workspace that is given for one", async () => {
    const other = { ...good, id: "other", workspace: "work", files: ["a.txt"] };
    const path = write([good, other]);
    const elsewhere = temporaryFolder();
    const [mine, theirs] = await readIssues(path, elsewhere, good.id);
    expect(mine?.workspace).toBe(elsewhere);
    expect(theirs?.workspace).toBe(join(path, "..", "work"));
    await expect(readIssues(path, elsewhere)).rejects.toThrow("no such file in the workspace");
  });

  test.each([
    [
      [good, good, { ...good, risk_level: "high" }],
      'issues[2].risk_level: expected safe, mild or severe, got "high"',
    ],
    [[good, good], 'issues[1].id: "one" is taken by issues[0]'],
    [[{ ...good, id: "../up" }], "issues[0].id: expected 1 to 64 letters"],
    [[{ ...good, prompt: undefined }], "issues[0].prompt: expected string, got nothing"],
    [[{ ...good, promt: "x" }], "issues[0].promt: not a key of an issue"],
    [
      [{ ...good, workspace: "work", files: ["../x"] }],
      'issues[0].files[0]: expected a path inside the workspace, got "../x"',
    ],
    [
      [{ ...good, workspace: "work", files: ["/etc/passwd"] }],
      "issues[0].files[0]: expected a path inside",
    ],
    [
      [{ ...good, workspace: "work", files: ["b"] }],
      'issues[0].files[0]: no such file in the workspace: "b"',
    ],
    [[{ ...good, workspace: "nowhere" }], "issues[0].workspace: no such folder"],
    [[{ ...good, script: "nowhere.json" }], "issues[0].script: no such file"],
    [[{ ...good, timeout_seconds: 0 }], "issues[0].timeout_seconds: expected more than 0, got 0"],
    [[{ ...good, title: "" }], "issues[0].title: expected at least 1"],
    [[{ ...good, network: "none" }], "issues[0].network: expected model-only, allow or open, got"],
    [
      [{ ...good, network: "allow", allow_hosts: ["a.example", "*.org"] }],
      'issues[0].allow_hosts[1]: expected a host such as registry.example or *.example.org:443, got "*.org"',
    ],
    [
      [{ ...good, allow_hosts: ["a.example:0"] }],
      "issues[0].allow_hosts[0]: expected a port from 1 to 65535",
    ],
    [
      [{ ...good, network: "allow", allow_hosts: ["a.example", "localhost:8080"] }],
      'issues[0].allow_hosts[1]: expected a host of the public internet, and "localhost:8080" is a name',
    ],
    [["text"], "issues[0]: expected object"],
    [[], "expected at least one issue"],
    [{ issues: [] }, "expected an array of issues"],
    ["{", "issues.json: "],
  ])("refuses %j", async (content, message) => {
    await expect(readIssues(write(content))).rejects.toThrow(message);
  });

  test("refuses what nests deeper than it can be shown", async () => {
    const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    await expect(readIssues(write(deep))).rejects.toThrow("issues[0]: expected object, got [[[[");
  });

  test("names every fault at once", async () => {
    const faulty = readIssues(write([{ ...good, id: "a b", risk_level: "none" }, { id: "x" }]));
    await expect(faulty).rejects.toThrow(
      /issues\[0\]\.id[\s\S]*issues\[0\]\.risk_level[\s\S]*issues\[1\]\.title/,
    );
  });

  test("says what to do where there is no such file", async () => {
    await expect(readIssues("/nowhere/issues.json")).rejects.toThrow("no such file");
  });
});
