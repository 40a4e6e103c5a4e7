import tab from "@bomb.sh/tab/commander";
import { Command, CommanderError } from "commander";
import { ExitCode, UserError } from "../errors.js";
import { declareCapturing } from "./declare-capturing.js";
import { declareKeeping } from "./declare-keeping.js";
import { declareReading } from "./declare-reading.js";
import { examples } from "./declaring.js";
import { version } from "./package.js";

const EXIT_CODES = `
Exit codes: 0 all captured and succeeded, 1 an agent's run failed, 2 bad usage or input,
3 engine, image or model not available, 4 a capture is not valid (export: not readable),
70 a bug, 74 the output cannot be written, 130 interrupted.`;

/** The command line. */
export interface Program {
  /**
   * Takes process.argv and gives the exit code. Throws UserError where the words are no command's,
   * and what the command throws.
   */
  run(argv: string[]): Promise<ExitCode>;
}

/** Declares every command; `signal` ends the one that is called. */
export function buildProgram(signal: AbortSignal): Program {
  let code: ExitCode = ExitCode.ok;
  const program = new Command("opencode-capture")
    .description("Run a coding agent on one issue in a throwaway container, and record what it did")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show a command's help")
    .showSuggestionAfterError()
    .exitOverride()
    // What is wrong is thrown, and told as every other fault is.
    .configureOutput({ outputError: () => {} })
    .addHelpText("after", EXIT_CODES);
  examples(program, [
    ["capture one of the shipped issues; no key is needed", "run --issue fix_math_utils"],
    ["look at the captures", "browse --open"],
    ["what this machine lacks, if anything", "doctor"],
  ]);
  const ended = (told: ExitCode) => {
    code = told;
  };
  for (const [group, declare] of [
    ["Capture:", declareCapturing],
    ["Read captures:", declareReading],
    ["Keep in order:", declareKeeping],
  ] as const) {
    program.commandsGroup(group);
    declare({ program, signal, ended });
  }
  tab(program, { completionCommandName: "completion" });
  program.commands
    .find((command) => command.name() === "completion")
    ?.description("print a completion script for bash, zsh, fish or powershell");
  return {
    async run(argv) {
      try {
        await program.parseAsync(argv);
        return code;
      } catch (error) {
        if (!(error instanceof CommanderError)) throw error;
        if (error.exitCode === 0) return ExitCode.ok;
        // No command was named, or none with help: the help itself was printed.
        if (error.code === "commander.help") return ExitCode.usage;
        throw new UserError(error.message.replace(/^error: /, ""), {
          hint: "--help shows examples and every flag",
          cause: error,
        });
      }
    },
  };
}
