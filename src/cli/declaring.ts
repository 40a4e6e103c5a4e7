import type { Command } from "commander";
import type { ExitCode } from "../errors.js";

/**
 * What the declaration of a command is made with. Each command's work is loaded when it is called, so
 * that help and completion answer at once.
 */
export interface Declaring {
  program: Command;
  signal: AbortSignal;
  /** Takes the exit code of the command that was called. */
  ended(code: ExitCode): void;
}

/** Puts examples, each what it is for and its words, before everything else in a command's help. */
export function examples(command: Command, shown: [what: string, words: string][]): void {
  const lines = shown.map(([what, words]) => `  # ${what}\n  opencode-capture ${words}`);
  command.addHelpText("before", `Examples:\n${lines.join("\n")}\n`);
}
