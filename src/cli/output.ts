import { styleText } from "node:util";

/** How much a command says, and in what form. */
export interface OutputMode {
  json: boolean;
  quiet: boolean;
  verbose: boolean;
}

/** Where a command's words go. */
export interface Output {
  readonly mode: OutputMode;
  /** A result or a step worth a line of its own; nothing with `--json` or `-q`. */
  line(text: string): void;
  /** A result that also `-q` wants; nothing with `--json`. */
  result(text: string): void;
  /** What is being done for the user on the side, made harmless, on standard error; nothing with `-q`. */
  aside(text: string): void;
  /** Detail that only `-v` wants, made harmless, on standard error. */
  detail(text: string): void;
  /** One object a line, with `--json` alone. */
  json(value: object): void;
  /** Text that is drawn over itself, on a terminal alone; false where there is none. */
  live(text: string): boolean;
  /** Leaves no live text behind. */
  settle(): void;
  readonly isLive: boolean;
}

type Style = Parameters<typeof styleText>[0];

/** Colours text where standard output is a terminal that wants colours. */
export function paint(style: Style, text: string): string {
  const plain = !process.stdout.isTTY || process.env["NO_COLOR"];
  return plain ? text : styleText(style, text);
}

/** Text that came from outside, made harmless for a terminal: control and direction marks replaced. */
export function harmless(text: string): string {
  return text.replace(/[\p{Cc}\u200b-\u200f\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

/** The same for text of several lines, which stay lines. */
export function harmlessLines(text: string): string {
  return text.split("\n").map(harmless).join("\n");
}

/** Standard output and standard error as one output. */
export function openOutput(mode: OutputMode): Output {
  const isLive = Boolean(process.stdout.isTTY) && !mode.json && !mode.quiet;
  let area: ReturnType<typeof import("log-update").createLogUpdate> | undefined;
  // It takes long to load: only a terminal needs it, and nothing waits for it.
  if (isLive) {
    void import("log-update").then(({ createLogUpdate }) => {
      area = createLogUpdate(process.stdout);
    });
  }
  let drawn = false;
  const clear = () => {
    if (drawn) area?.clear();
    drawn = false;
  };
  const write = (stream: NodeJS.WriteStream, text: string) => {
    clear();
    stream.write(`${text}\n`);
  };
  return {
    mode,
    isLive,
    line: (text) => {
      if (!mode.json && !mode.quiet) write(process.stdout, text);
    },
    result: (text) => {
      if (!mode.json) write(process.stdout, text);
    },
    aside: (text) => {
      if (!mode.quiet) write(process.stderr, harmlessLines(text));
    },
    detail: (text) => {
      if (mode.verbose) write(process.stderr, harmlessLines(text));
    },
    json: (value) => {
      if (mode.json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    live: (text) => {
      if (!isLive) return false;
      area?.(text);
      drawn = area !== undefined;
      return true;
    },
    settle: clear,
  };
}

/** A duration as people read it: `0.4 s`, `12.3 s`, `2 min 05 s`. */
export function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}
