import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import Handlebars from "handlebars";
import type { Report, ReportData } from "./data.js";
import { type EmbeddedPart, embeddedData, embeddedTexts } from "./embed.js";
import { readPageCode } from "./page-code.js";

interface Page {
  template: HandlebarsTemplateDelegate;
  style: string;
  script: string;
  policy: string;
}

const folder = fileURLToPath(new URL("../report/page/", import.meta.url));

let loading: Promise<Page> | undefined;

/** Loads what every page needs, so that the first is rendered as fast as the next. */
export async function preparePage(): Promise<void> {
  loading ??= loadPage();
  const { template } = await loading;
  template({ head: {}, page: {} }); // it is compiled when it is first called
}

/** Renders the page, loading its template, style and script the first time. */
export function renderPage({ data, texts }: Report): Promise<string> {
  return renderWith(data, embeddedTexts(texts));
}

/** The same with texts that are being packed since before the data were made. */
export async function renderWith(
  data: ReportData,
  texts: Promise<readonly EmbeddedPart[]>,
): Promise<string> {
  loading ??= loadPage();
  const [first, others, { template, ...page }] = await Promise.all([
    embeddedData(data),
    texts,
    loading,
  ]);
  return template({ head: data.head, page: { ...page, parts: [first, ...others] } });
}

async function loadPage(): Promise<Page> {
  const handlebars = Handlebars.create();
  const names = (await readdir(folder)).filter((name) => name.endsWith(".hbs"));
  for (const name of names)
    handlebars.registerPartial(basename(name, ".hbs"), await readFile(join(folder, name), "utf8"));
  // Style and script are ours and fixed: their hashes let nothing else run. The data cannot end
  // their element.
  handlebars.registerHelper("ours", (text: unknown) => new Handlebars.SafeString(String(text)));
  const code = await readPageCode({
    script: join(folder, "main.tsx"),
    style: join(folder, "style.css"),
  });
  const policy = [
    "default-src 'none'",
    `style-src ${code.styleSource}`,
    `script-src ${code.scriptSource}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const template = handlebars.compile("{{> page}}", { preventIndent: true });
  return { template, style: code.style, script: code.script, policy };
}
