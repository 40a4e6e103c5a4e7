import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { resolveSettings } from "../../src/cli/resolve-settings.js";
import { flagHelp, flagOf, SETTINGS, type SettingName, variableOf } from "../../src/settings.js";
import { temporaryFolder } from "../folder.js";

const resolve = (
  flags: Record<string, unknown> = {},
  environment: Record<string, string> = {},
  file: unknown = {},
) => {
  const path = join(temporaryFolder(), "capture.config.json");
  writeFileSync(path, typeof file === "string" ? file : JSON.stringify(file));
  return resolveSettings({ flags, environment, file: path });
};

describe("settings", () => {
  test("have defaults that pass their own schemas", () => {
    const settings = resolve();
    expect(settings.tasks).toBe("tasks/issues.json");
    expect(settings.memory).toBe(4 * 1024 ** 3);
    expect(settings.keep_workspace).toBe(false);
    expect(settings.image_ref).toBeUndefined();
  });

  test("a flag goes before a variable, a variable before the file, the file before the default", () => {
    const file = { cpus: 3, pids: 300, timeout: 30 };
    const environment = { CAPTURE_CPUS: "4", CAPTURE_PIDS: "400" };
    const settings = resolve({ cpus: "5" }, environment, file);
    expect(settings).toMatchObject({ cpus: 5, pids: 400, timeout: 30 });
  });

  test.each([
    ["512m", 512 * 1024 ** 2],
    ["4g", 4 * 1024 ** 3],
    ["1.5G", 1.5 * 1024 ** 3],
    ["268435456", 256 * 1024 ** 2],
  ])("reads the size %s", (text, bytes) => {
    expect(resolve({ memory: text }).memory).toBe(bytes);
  });

  test.each([
    [{ memory: "lots" }, "--memory: expected a size such as 512m or 4g"],
    [{ memory: "1k" }, "--memory: expected at least 64m"],
    [{ timeout: "soon" }, "--timeout: expected a number of seconds"],
    [{ timeout: "-1" }, "--timeout"],
    [{ base_url: "ftp://x.example" }, "--base-url: expected an http or https address"],
    [
      { base_url: "https://me:secret@x.example/v1" },
      "--base-url: expected an address without a user",
    ],
    [
      { base_url: "https://x.example/v1?key=secret" },
      "--base-url: expected an address without a user",
    ],
    [{ api_key_env: "sk-123" }, "--api-key-env: expected the name of a variable, not a key"],
    [{ providers: '[{"api_key":"sk-123"}]' }, "--providers"],
    [{ providers: [{ api_key: "sk-123" }] }, "--providers"],
    [{ pids: "1" }, "--pids"],
  ])("refuses %o by its name", (flags, message) => {
    expect(() => resolve(flags)).toThrow(message);
    expect(() => resolve(flags)).not.toThrow(/secret|sk-/); // a key in the wrong place is not shown
  });

  test("refuses what it does not know, in variables and in the file, and names all at once", () => {
    const faulty = () => resolve({}, { CAPTURE_MEMRY: "1g" }, { timeuot: 5, pids: "none" });
    expect(faulty).toThrow(/CAPTURE_MEMRY: no such setting/);
    expect(faulty).toThrow(/timeuot: no such setting; did you mean timeout\?/);
    expect(faulty).toThrow(/capture\.config\.json: pids/);
  });

  test("does not take the key for a setting", () => {
    expect(() => resolve({}, { CAPTURE_API_KEY: "k" })).not.toThrow();
  });

  test("names a settings file that is no JSON or no object", () => {
    expect(() => resolve({}, {}, "{")).toThrow("capture.config.json: Expected property name");
    expect(() => resolve({}, {}, '{"a": sk-1}')).toThrow(
      /config\.json: Unexpected token 's' in JSON$/,
    );
    expect(() => resolve({}, {}, [1])).toThrow("expected an object of settings");
  });

  test("each has one flag and one variable", () => {
    const names = Object.keys(SETTINGS) as SettingName[];
    expect(flagOf("keep_workspace")).toBe("--keep-workspace");
    expect(flagOf("canaries")).toBe("--no-canaries");
    expect(flagHelp("canaries")).toMatch(/^do not plant/);
    expect(variableOf("keep_workspace")).toBe("CAPTURE_KEEP_WORKSPACE");
    expect(new Set(names.map(flagOf)).size).toBe(names.length);
  });
});
