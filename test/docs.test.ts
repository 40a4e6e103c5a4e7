import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
// @ts-expect-error the generator is plain JavaScript, so that Node runs it without a build
import * as generator from "../scripts/generate-docs.mjs";
import * as settings from "../src/settings.js";

const page = (name: string) => readFileSync(join(import.meta.dirname, "..", "docs", name), "utf8");

test("docs/settings.md is what the settings say (npm run docs)", () => {
  expect(page("settings.md")).toBe(generator.settingsPage(settings));
});

test("docs/run_directory.md is what the schemas say (npm run docs)", async () => {
  const schemas = {};
  for (const name of generator.MODULES) {
    Object.assign(schemas, await import(`../src/record/${name}.ts`));
  }
  const files = generator.describeFiles(schemas, z.toJSONSchema);
  expect(page("run_directory.md")).toBe(generator.runDirectoryPage(files));
});

test("docs/run_directory.md says of every key what it is", () => {
  expect(page("run_directory.md").match(/^.*\| {2}\|$/gm)).toBeNull();
});
