import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** How a page's script and style are made, by the build and, in tests, on the fly. */
export const BUNDLE = {
  bundle: true,
  format: "iife",
  target: "es2022",
  minify: true,
  jsx: "automatic",
  jsxImportSource: "preact",
} as const;

/** A page's own style and script, as they stand in its HTML, and what lets exactly them be. */
export interface PageCode {
  style: string;
  script: string;
  /** The sources of a content security policy. */
  styleSource: string;
  scriptSource: string;
}

/**
 * Reads the code of a page: the bundles of its `script` and of its `style` sheet, which lie beside
 * them as main.js and main.css; run from the sources they are made on the fly. Throws where a file
 * is missing, or where one of them would end the element that it stands in.
 */
export async function readPageCode(entry: { script: string; style: string }): Promise<PageCode> {
  const [script, style] = await Promise.all([
    bundleOf(entry.script, "main.js"),
    bundleOf(entry.style, "main.css"),
  ]);
  for (const text of [style, script])
    if (/<\/(style|script)/i.test(text)) throw new Error("the page's own code would end its tag");
  return { style, script, styleSource: sourceOf(style), scriptSource: sourceOf(script) };
}

async function bundleOf(entry: string, name: string): Promise<string> {
  const built = join(dirname(entry), name);
  if (existsSync(built)) return (await readFile(built, "utf8")).trim();
  const { build } = await import("esbuild");
  const made = await build({ ...BUNDLE, entryPoints: [entry], write: false, logLevel: "silent" });
  return made.outputFiles[0]?.text.trim() ?? "";
}

function sourceOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
