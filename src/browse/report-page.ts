import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assertContained } from "../record/contained.js";
import { RunFile, runFile } from "../record/directory.js";
import { readBounded } from "../record/read.js";
import { renderPage } from "../report/render.js";
import { makeReport, readReport } from "../report/report.js";
import { writeSummary } from "../summary/summary.js";

/**
 * Makes and reads reports of captures that have ended, one capture at a time. Disposing it waits for
 * the one being made.
 */
export interface Reports extends AsyncDisposable {
  /**
   * The report of a capture as HTML. A missing one is made and kept, with a missing summary; so is
   * one that another version made. Throws NotContained, and whatever the making throws.
   */
  html(directory: string): Promise<string>;
  /** Makes summary and report again and keeps them. Throws the system's error. */
  make(directory: string): Promise<void>;
  /** Makes the summary. Throws NotContained and the system's error. */
  summary(directory: string): Promise<void>;
  /** The policy that a report is served with: it lets nothing but this version's own script run. */
  policy(): Promise<string>;
}

const REPORT_LIMIT_BYTES = 128 * 1024 * 1024;
const POLICY = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/;

export function openReports(): Reports {
  let turn: Promise<unknown> = Promise.resolve();
  let meta: Promise<string> | undefined;
  /** Making one takes memory and time in proportion to its capture: one at a time. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work, work);
    turn = next.catch(() => {});
    return next;
  };
  const policyMeta = () => {
    meta ??= emptyPage().then((html) => {
      const found = POLICY.exec(html)?.[1];
      if (found === undefined) throw new Error("the report has no content security policy");
      return found;
    });
    return meta;
  };
  const make = async (directory: string) => {
    assertContained(directory);
    await makeReport(directory);
  };
  const kept = async (directory: string) => {
    const report = await readBounded(runFile(directory, RunFile.report), REPORT_LIMIT_BYTES);
    const current = report.text.slice(0, 4096).includes(`content="${await policyMeta()}"`);
    return current && report.omitted_bytes === 0 ? report.text : null;
  };
  return {
    html: (directory) =>
      inTurn(async () => {
        assertContained(directory);
        const hasSummary = await isThere(directory, RunFile.summary);
        const found = hasSummary ? await kept(directory).catch(() => null) : null;
        if (found !== null) return found;
        // Where nothing can be kept, as on a read-only disk, it is still shown.
        await make(directory).catch(() => {});
        return (await kept(directory).catch(() => null)) ?? rendered(directory);
      }),
    make: (directory) => inTurn(() => make(directory)),
    summary: (directory) =>
      inTurn(async () => {
        assertContained(directory);
        await writeSummary(directory);
      }),
    async policy() {
      return `${unescaped(await policyMeta())}; frame-ancestors 'self'; sandbox allow-scripts`;
    },
    [Symbol.asyncDispose]: async () => void (await turn),
  };
}

async function rendered(directory: string): Promise<string> {
  return renderPage(await readReport(directory));
}

/** The report of a directory that is not there: a page with nothing of anybody's in it. */
function emptyPage(): Promise<string> {
  return rendered(join(fileURLToPath(import.meta.url), "nothing"));
}

function isThere(directory: string, file: RunFile): Promise<boolean> {
  return readBounded(runFile(directory, file), 0).then(
    () => true,
    () => false,
  );
}

/** Undoes the escaping of an attribute's value, as far as a policy has any. */
function unescaped(text: string): string {
  return text
    .replace(/&#x([0-9a-f]{2});/gi, (_, code: string) => String.fromCharCode(Number(`0x${code}`)))
    .replaceAll("&amp;", "&");
}
