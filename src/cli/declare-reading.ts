import { Option } from "commander";
import { EXPORT_FORMATS, type ExportFormat, FORMAT_NAMES } from "../export/formats.js";
import type { BrowseOptions } from "./browse.js";
import { type Declaring, examples } from "./declaring.js";
import type { Destination } from "./export.js";
import { outputOf, settingsOf, withOutput, withSettings } from "./options.js";
import { version } from "./package.js";

/** Where `browse` listens unless told otherwise. */
const HOST = "127.0.0.1";
const PORT = "8765";

/** Declares what reads captures: `report`, `browse`, `export`, `findings`. */
export function declareReading({ program, signal, ended }: Declaring): void {
  const report = program
    .command("report")
    .description("make the summary and the report of a run directory again")
    .argument("<DIR>", "the run directory")
    .action(async (directory: string) => {
      const { remake } = await import("./report.js");
      ended(await remake(directory, outputOf(report)));
    });
  withOutput(report);
  examples(report, [
    ["of one capture", "report artifacts/captures/20261121T053112384Z-fix_math_utils"],
  ]);

  const browsing = program
    .command("browse")
    .description("serve the captures as a page: list, reports, live runs, comparisons, downloads")
    .option(
      "--host <HOST>",
      `the address to listen on; another than loopback asks for a token (default: ${HOST})`,
    )
    .option("--port <PORT>", `the port to listen on; 0 takes any that is free (default: ${PORT})`)
    .option("--token [TOKEN]", "ask visitors for a token; without a value one is made")
    .option("--open", "open the page in this machine's browser")
    .option("--allow-run", "let visitors with the token start captures of the issues file")
    .action(async (options: Partial<BrowseOptions>) => {
      const { browse } = await import("./browse.js");
      const asked = { host: HOST, port: PORT, ...options };
      ended(await browse(asked, settingsOf(browsing), outputOf(browsing), signal));
    });
  withOutput(withSettings(browsing, ["captures", "tasks", "workspace"]));
  examples(browsing, [
    ["on this machine alone", "browse --open"],
    ["for others, who need the address with its token", "browse --host 0.0.0.0 --port 8080"],
  ]);

  const exporting = program
    .command("export")
    .description("write a capture in another format, for other programs")
    .argument("<DIR>", "the run directory; with jsonl a folder of them, too")
    .addOption(
      new Option("--format <FORMAT>", "needed: one of the formats below")
        .choices(FORMAT_NAMES)
        .makeOptionMandatory(),
    )
    .option("-o, --output <FILE>", "the file to write; - is standard output (default: -)")
    .option("--force", "replace the file where it is there already")
    .action(async (directory: string, options: Destination & { format: ExportFormat }) => {
      const { exportTo } = await import("./export.js");
      ended(await exportTo(directory, options.format, options, outputOf(exporting), signal));
    })
    .addHelpText("after", `\nFormats:\n${formats()}`);
  withOutput(exporting);
  examples(exporting, [
    ["a timeline for Perfetto", "export DIR --format chrome-trace -o run.trace.json"],
    ["a dataset of all captures", "export artifacts/captures --format jsonl -o runs.jsonl"],
  ]);

  const findings = program
    .command("findings")
    .description("try the rules on a run directory: what deserves a look, and where it is recorded")
    .argument("<DIR>", "the run directory")
    .option("--rules <DIR>", "Sigma rules of your own, beside the shipped ones")
    .option("--sarif <FILE>", "write a SARIF 2.1.0 log, too; a file that is there is replaced")
    .action(async (directory: string, options: { rules?: string; sarif?: string }) => {
      const { showFindings } = await import("./findings.js");
      const asked = { ...options, version: version() };
      ended(await showFindings(directory, asked, outputOf(findings), signal));
    });
  withOutput(findings);
  examples(findings, [
    ["with what each finding rests on", "findings DIR -v"],
    [
      "with your own rules, for a code scanning service",
      "findings DIR --rules my/rules --sarif run.sarif",
    ],
  ]);
}

function formats(): string {
  return FORMAT_NAMES.map((name) => `  ${name.padEnd(13)} ${EXPORT_FORMATS[name].what}`).join("\n");
}
