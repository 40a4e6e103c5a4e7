import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Handlebars from "handlebars";
import { escaped } from "../report/embed.js";
import { readPageCode } from "../report/page-code.js";
import type { Opening } from "./opening.js";

/** The page: one answer with all that its first screen needs. */
export interface Assets {
  html(opening: Opening): string;
  /** The policy that it is served with: nothing but its own style and script, and its own server. */
  policy: string;
}

const folder = fileURLToPath(new URL("../browse/page/", import.meta.url));

/** Reads the page; what it looks like begins as the report does. Throws where it is not built. */
export async function loadAssets(): Promise<Assets> {
  const page = await readFile(join(folder, "page.hbs"), "utf8");
  const { style, script, ...sources } = await readPageCode({
    script: join(folder, "main.ts"),
    style: join(folder, "style.css"),
  });
  const template = Handlebars.compile(page);
  const policy = [
    "default-src 'none'",
    ...[`script-src ${sources.scriptSource}`, `style-src ${sources.styleSource}`],
    ...["connect-src 'self'", "frame-src 'self'", "img-src data:", "base-uri 'none'"],
    ...["form-action 'none'", "frame-ancestors 'none'"],
    ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
  ].join("; ");
  // Style and script are ours and fixed, and what the page begins with cannot end its element.
  const html = (opening: Opening) =>
    template({ style, script, opening: escaped(JSON.stringify(opening)) });
  return { policy, html };
}
