import { type StdioOptions, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PROJECT, scratchForEach } from "../capture/room.js";
import { command, MAIN, objects } from "./command.js";

const folder = scratchForEach();

describe("bad usage and bad input exit 2 and start nothing", () => {
  test.each([
    [["run"], "run needs --issue ID"],
    [["runn", "--issue", "x"], "Did you mean run?"],
    [["run", "--isue", "x"], "Did you mean --issue?"],
    [["run", "--issue", "no_such_issue"], 'has no issue "no_such_issue"'],
    [["run", "--issue", "fix_math_utils", "--memory", "much"], "--memory: expected a size"],
    [
      ["run", "--issue", "fix_math_utils", "--model", "gpt"],
      "expected scripted, scripted:FILE, provider/name or auto",
    ],
    [["run", "--issue", "fix_math_utils", "--model", "a/b"], "needs --base-url"],
    [["run", "--issue", "fix_math_utils", "--model", "scripted:/nowhere.json"], "/nowhere.json"],
    [["all", "--tasks", "/nowhere.json"], "/nowhere.json: no such file"],
    [["validate", "package.json"], "package.json: expected an array of issues"],
    [["report", "/nowhere"], "/nowhere is no run directory"],
    [["completion", "tcsh"], "tcsh"],
  ])("%j", async (words, message) => {
    const { exitCode, stderr, stdout } = await command(words);
    expect(stderr + stdout).toContain(message);
    expect(stderr).not.toContain("This is a bug");
    expect(exitCode).toBe(2);
  });

  test("a variable and a settings file are named", async () => {
    const env = { CAPTURE_PIDS: "few" };
    expect((await command(["validate"], { env })).stderr).toContain("CAPTURE_PIDS: ");
    writeFileSync(join(folder.path, "capture.config.json"), '{ "memry": "1g" }');
    const { stderr, exitCode } = await command(["validate"], { cwd: folder.path });
    expect(stderr).toContain("capture.config.json: memry: no such setting; did you mean memory?");
    expect(exitCode).toBe(2);
  });

  test("a faulty issues file names each fault", async () => {
    const issue = { id: "a", risk_level: "high", title: "A", prompt: "a" };
    writeFileSync(join(folder.path, "i.json"), JSON.stringify([{}, issue]));
    const { stderr, exitCode } = await command(["all", "--tasks", join(folder.path, "i.json")]);
    expect(stderr).toContain("i.json: issues[0].id: expected string, got nothing");
    expect(stderr).toContain(
      'i.json: issues[1].risk_level: expected safe, mild or severe, got "high"',
    );
    expect(exitCode).toBe(2);
  });
});

describe("what goes wrong is told", () => {
  test("with --json as an object, too, wherever it is noticed", async () => {
    for (const [words, message] of [
      [["run", "--isue", "x", "--json"], "unknown option '--isue'"],
      [["all", "--tasks", "/nowhere.json", "--json"], "/nowhere.json: no such file"],
    ] as const) {
      const { stdout, stderr, exitCode } = await command([...words]);
      const [error] = objects(stdout);
      expect(error).toMatchObject({ type: "error", exit_code: 2, hint: expect.any(String) });
      expect(error?.message).toContain(message);
      expect(stderr).toContain(message);
      expect(exitCode).toBe(2);
    }
  });

  test("without what a file holds reaching the terminal as it is", async () => {
    const file = join(folder.path, "i.json");
    writeFileSync(file, '[{"id": \u001b[31m}]');
    const { stderr } = await command(["validate", file]);
    expect(stderr).toContain("i.json: Unexpected token");
    expect(stderr).not.toContain("\u001b");
  });

  test.runIf(existsSync("/dev/full"))("where the output cannot be written: 74", async () => {
    const full = openSync("/dev/full", "w");
    const stdio: StdioOptions = ["ignore", full, "pipe"];
    const ended = spawnSync(process.execPath, [MAIN, "validate"], { cwd: PROJECT, stdio });
    closeSync(full);
    expect(ended.stderr.toString()).toBe("the output cannot be written: no space left on device\n");
    expect(ended.status).toBe(74);
  });

  test("as a bug of ours where nobody caught it: what goes on is ended, 70", async () => {
    const late = "setTimeout(() => Promise.reject(new Error('nobody caught this')), 500)";
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(late)}` };
    const words = ["browse", "--port", "0", "--captures", folder.path];
    const { stderr, exitCode } = await command(words, { env });
    expect(stderr).toContain("This is a bug of opencode-capture:\nError: nobody caught this");
    expect(exitCode).toBe(70);
  });
});

describe("help", () => {
  test("shows examples first, and every command has it", async () => {
    const { stdout } = await command(["run", "--help"]);
    expect(stdout.indexOf("opencode-capture run --issue")).toBeLessThan(stdout.indexOf("Usage:"));
    expect((await command(["--help"])).stdout).toContain("Exit codes: 0 all captured");
  });

  test.each(["bash", "zsh", "fish"])(
    "completion for %s is a script that names the program",
    async (shell) => {
      const { stdout, exitCode } = await command(["completion", shell]);
      expect(exitCode).toBe(0);
      expect(stdout).toContain("opencode-capture");
    },
  );

  test("validate tells the issues as JSON", async () => {
    const { stdout } = await command(["validate", "--json"]);
    expect(objects(stdout)[0]).toMatchObject({ type: "valid", file: "tasks/issues.json" });
  });
});

test("no engine exits 3 and says what to type", async () => {
  const env = { DOCKER_HOST: "unix:///nowhere/docker.sock" };
  const words = ["run", "--issue", "fix_math_utils", "--captures", folder.path];
  const { exitCode, stderr } = await command(words, { env });
  expect(exitCode).toBe(3);
  expect(stderr).toContain("/nowhere/docker.sock");
  expect(stderr).not.toContain("This is a bug");
});
