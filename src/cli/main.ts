import { ExitCode, systemWords, UserError } from "../errors.js";
import { harmlessLines } from "./output.js";
import { buildProgram } from "./program.js";

// The only place that ends the process, handles signals, and prints an error.

/** So long a program with a bug gets to close what it has open. */
const UNWIND_MS = 30_000;

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    // The first asks for a clean end; whoever insists gets it at once, and the next start sweeps.
    if (interruption.signal.aborted) process.exit(ExitCode.interrupted);
    interruption.abort();
  });
}

let outputFault: Error | null = null;
for (const stream of [process.stdout, process.stderr]) {
  // No reason to leave a capture undone; and a reader that went away, as `| head` does, is no fault.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") outputFault ??= error;
  });
}

let hasBug = false;
// What nobody caught, rejected promises among it: what is open is closed as after Ctrl-C.
process.on("uncaughtException", (error) => {
  if (!hasBug) tellBug(error);
  hasBug = true;
  interruption.abort();
  setTimeout(() => process.exit(ExitCode.bug), UNWIND_MS).unref();
});

void main();

async function main(): Promise<void> {
  const code = await buildProgram(interruption.signal).run(process.argv).catch(codeOf);
  // A write that failed is told of in the next turn.
  await new Promise((turn) => setImmediate(turn));
  if (outputFault !== null)
    process.stderr.write(`the output cannot be written: ${systemWords(outputFault)}\n`);
  const known = outputFault === null ? code : ExitCode.outputFailed;
  process.exit(hasBug ? ExitCode.bug : known);
}

/** Tells what was thrown, and gives the exit code for it. */
function codeOf(error: unknown): ExitCode {
  if (interruption.signal.aborted) return ExitCode.interrupted;
  // It was thrown to whoever wrote.
  if (error === outputFault) return ExitCode.outputFailed;
  if (!(error instanceof UserError)) {
    tellBug(error);
    return ExitCode.bug;
  }
  const { message, hint, exitCode } = error;
  process.stderr.write(`${harmlessLines([message, hint ?? []].flat().join("\n"))}\n`);
  tellJson({ message, hint: hint ?? null, exit_code: exitCode });
  return exitCode;
}

function tellBug(error: unknown): void {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`This is a bug of opencode-capture:\n${harmlessLines(stack)}\n`);
  tellJson({ message: stack, hint: null, exit_code: ExitCode.bug });
}

/** Also where no command could read its flags. */
function tellJson(fault: { message: string; hint: string | null; exit_code: ExitCode }): void {
  if (process.argv.includes("--json"))
    process.stdout.write(`${JSON.stringify({ type: "error", ...fault })}\n`);
}
