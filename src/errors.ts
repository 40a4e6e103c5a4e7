import { getSystemErrorMap } from "node:util";

/**
 * Exit codes of the command line, documented in docs/operations.md. A bug and an output that cannot
 * be written have those of sysexits.h; an interruption has the shell's.
 */
export const ExitCode = {
  ok: 0,
  agentFailed: 1,
  usage: 2,
  engine: 3,
  invalidCapture: 4,
  bug: 70,
  outputFailed: 74,
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * A fault that the person at the keyboard can mend. It prints as its message and hint, without a
 * stack; any other error is a bug of ours and prints as one.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;

  constructor(
    message: string,
    options: { hint?: string; exitCode?: ExitCode; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? ExitCode.usage;
  }
}

/**
 * The shortest honest text for any thrown value: an error's message, else the value as text. Node
 * gives a host none of whose addresses can be reached an error without a message, with theirs in it.
 */
export function explain(error: unknown): string {
  if (error instanceof AggregateError && error.message === "")
    return error.errors.map(explain).join("; ");
  return error instanceof Error ? error.message : String(error);
}

/**
 * A system error in the system's words (`no such file or directory`), without its code, call and
 * path: for a message that names the file itself. Any other thrown value as `explain` has it.
 */
export function systemWords(error: unknown): string {
  const { errno } = error instanceof Error && "errno" in error ? error : { errno: undefined };
  const [, words] = (typeof errno === "number" && getSystemErrorMap().get(errno)) || [];
  return words ?? explain(error);
}

/** The `code` of a Node system error (`ENOENT`, `ENOSPC`, …), or undefined. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
