import { RunFile, runFile } from "../record/directory.js";
import type { Summary } from "../record/summary.js";
import { writeWhole } from "../record/write.js";
import { type Folded, keepSummary, readFolded } from "../summary/summary.js";
import { readBeside } from "./beside.js";
import { dataOf, reportOf, type Sources, sourcesOf, textsOf } from "./data/report.js";
import type { Report } from "./data.js";
import { embeddedTexts } from "./embed.js";
import { preparePage, renderWith } from "./render.js";

/**
 * Reads a run directory, one that goes on too, into what its page shows. `folded` spares one that was
 * just read a second reading. Never throws for what the directory holds.
 */
export async function readReport(directory: string, folded?: Folded): Promise<Report> {
  return reportOf(await readSources(directory, folded));
}

async function readSources(directory: string, folded?: Folded): Promise<Sources> {
  const { material, summary } = folded ?? (await readFolded(directory));
  return sourcesOf(material, summary, await readBeside(directory));
}

/** What `makeReport` made. */
export interface MadeReport {
  /** Of `report/index.html`. */
  path: string;
  summary: Summary;
}

/**
 * Makes `derived/summary.json` and `report/index.html`, one file that opens from disk and loads
 * nothing, of one reading. Never throws for what the run directory holds; throws the system's error
 * where one of them cannot be written.
 */
export async function makeReport(directory: string): Promise<MadeReport> {
  preparePage().catch(() => {}); // what it fails for is met again where the page is rendered
  const sources = await readSources(directory);
  // While other threads pack the page, this one has time for the summary.
  const page = render(sources);
  const [report, summary] = await Promise.allSettled([
    writePage(directory, page),
    keepSummary(directory, sources.summary),
  ]);
  if (summary.status === "rejected") throw summary.reason;
  if (report.status === "rejected") throw report.reason;
  return { path: report.value, summary: sources.summary };
}

/** Other threads pack the texts while the data are made. */
function render(sources: Sources): Promise<string> {
  const texts = embeddedTexts(textsOf(sources));
  return renderWith(dataOf(sources), texts);
}

async function writePage(directory: string, html: Promise<string>): Promise<string> {
  const path = runFile(directory, RunFile.report);
  await writeWhole(path, await html);
  return path;
}
