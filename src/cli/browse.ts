import { spawn } from "node:child_process";
import { once } from "node:events";
import { memoryOf } from "../browse/remembered.js";
import { openBrowserServer } from "../browse/server.js";
import type { StartOptions } from "../browse/start.js";
import { readIssues } from "../capture/issues.js";
import { ExitCode, UserError } from "../errors.js";
import type { Settings } from "../settings.js";
import { type Output, paint } from "./output.js";

/** What `browse` is asked for, as typed. */
export interface BrowseOptions {
  host: string;
  port: string;
  /** true: one is to be made. */
  token?: string | true;
  open?: boolean;
  allowRun?: boolean;
}

const MIN_TOKEN = 16;

/**
 * `browse`: serves the capture browser until it is interrupted. Throws UserError where the address,
 * port or token is not usable.
 */
export async function browse(
  options: BrowseOptions,
  settings: Settings,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const port = Number(options.port);
  if (!/^\d{1,5}$/.test(options.port) || port > 65_535)
    throw new UserError(`--port: expected a number up to 65535, got "${options.port}"`);
  await using server = await openBrowserServer({
    captures: settings.captures,
    host: options.host,
    port,
    token: tokenOf(options.token),
    memory: (folder) => memoryOf(folder, process.env),
    start: options.allowRun ? startOptions(settings) : null,
  });
  const { url } = server;
  output.result(`The captures of ${settings.captures}: ${paint("bold", url)}`);
  output.json({ type: "listening", url, captures: settings.captures });
  if (server.folderIsNew) output.aside("The folder was not there: an empty one was made.");
  if (options.allowRun) output.aside("Captures may be started from the page, with its token.");
  output.aside("Ctrl-C ends it.");
  if (options.open) openPage(url, output);
  if (!signal.aborted) await once(signal, "abort");
  return ExitCode.ok;
}

/** Captures run as this program's own `run`, with the same captures and issues. */
function startOptions({ tasks, workspace, captures }: Settings): StartOptions {
  const main = process.argv[1] ?? "";
  const words = ["run", "--json", "--end-with-input", `--tasks=${tasks}`, `--captures=${captures}`];
  return {
    command: [
      process.execPath,
      main,
      ...words,
      ...(workspace === undefined ? [] : [`--workspace=${workspace}`]),
    ],
    issues: async () =>
      (await readIssues(tasks, workspace)).map(({ issue }) => {
        const { id, title, risk_level, timeout_seconds, network } = issue;
        return { id, title, risk_level, timeout_seconds, network };
      }),
  };
}

function tokenOf(given: string | true | undefined): string | null {
  if (given === undefined) return null;
  const token = given === true ? crypto.randomUUID() : given;
  if (/^[\w-]+$/.test(token) && token.length >= MIN_TOKEN) return token;
  throw new UserError(`--token: expected at least ${MIN_TOKEN} letters, digits, _ or -`, {
    hint: "without a value one is made",
  });
}

function openPage(url: string, output: Output): void {
  const program = process.platform === "darwin" ? "open" : "xdg-open";
  const opening = spawn(program, [url], { stdio: "ignore", detached: true });
  opening.on("error", () => output.aside(`${program} is not here: open the address yourself`));
  opening.unref();
}
