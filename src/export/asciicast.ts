import { readRun } from "../summary/read-run.js";
import { containerLog } from "./container-log.js";
import { bounded, encode } from "./json.js";

/** The agent ran without a terminal; this is the size that a player draws. */
const TERMINAL = { cols: 120, rows: 40, type: "xterm-256color" };

/**
 * The agent's output as asciicast v3: both streams as a terminal would have shown them, the run's
 * life as markers, the exit code last. The log has a time for each whole line, so a line appears at
 * once, when its end was written. Throws UserError where `directory` is no run directory.
 */
export async function* asciicast(directory: string): AsyncGenerator<string> {
  const run = await readRun(directory);
  const start = Math.floor(Date.parse(run.started_at) / 1000) * 1000;
  yield `${encode({
    version: 3,
    term: TERMINAL,
    timestamp: Math.max(0, start / 1000),
    idle_time_limit: 2,
    command: bounded(run.agent.command.join(" "), 1_000),
    title: `${run.issue_id}: ${run.title}`,
    tags: [run.agent.name, run.risk_level],
  })}\n`;
  let last = start;
  const since = (at: number) => {
    const interval = Math.max(0, at - last) / 1000;
    last = Math.max(last, at);
    return interval;
  };
  for await (const { at, source, text } of containerLog(directory)) {
    if (source === "capture") yield `${encode([since(at), "m", drawable(text)])}\n`;
    else yield `${encode([since(at), "o", `${drawable(text)}\r\n`])}\n`;
  }
  const end = run.ended_at === null ? last : Date.parse(run.ended_at);
  // No program ends with a number below 0; a forged record may say so.
  if (run.exit_code !== null && run.exit_code >= 0)
    yield `${encode([since(end), "x", String(run.exit_code)])}\n`;
}

/**
 * Text that is safe to play in a real terminal: colours, line erasing, tab, backspace and carriage
 * return stay; any other control (a window's title, the clipboard, a question to the terminal, marks
 * of direction) becomes a visible sign.
 */
export function drawable(text: string): string {
  return text.replace(UNSAFE, (found) => (found.length > 1 ? found : visible(found)));
}

// Longest first: a whole colour or erase sequence is matched, and kept, before its ESC alone.
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for
  /\x1b\[[0-9;:]{0,64}[mK]|[\x00-\x07\x0a-\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The control picture of a C0 control (U+2400 and on), else U+FFFD. */
function visible(control: string): string {
  const code = control.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd";
}
