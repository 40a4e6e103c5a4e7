import { type FileHandle, open } from "node:fs/promises";
import { explain } from "../errors.js";
import { RunFile, runFile } from "../record/directory.js";
import type { Frame, StreamName } from "../sandbox/frames.js";

/** A file that takes at most so many bytes and counts the rest. Never throws: it keeps the error. */
export interface BoundedFile {
  write(bytes: Buffer): Promise<void>;
  /** Bytes kept so far. */
  size(): number;
  close(): Promise<{ bytes: number; cut_bytes: number; error: string | null }>;
}

/** The three logs of a run. */
export interface RunLog {
  /** A line of the run's life: what the supervisor did. */
  note(text: string): Promise<void>;
  /** A piece of the agent's output, to its raw log and to the container log. */
  output(frame: Frame): Promise<void>;
  /** When the agent last said anything, in ms since 1970. */
  lastOutputAt(): number;
  /** The start of what the agent wrote to standard error. */
  stderrHead(): string;
  /** The end of what it wrote to standard error, or to standard output where that was nothing. */
  tail(): string;
  /** Ends the logs; names those that could not be written or were cut. */
  close(): Promise<{ problems: string[]; cut: Record<string, number> }>;
}

const RAW_LIMIT = 64 * 1024 * 1024;
/** Of the container log, output may fill this much; the rest is for the run's own lines. */
const OUTPUT_LIMIT = 64 * 1024 * 1024;
const CONTAINER_LIMIT = 80 * 1024 * 1024;
/** A line longer than this is broken, so that no line has to be held whole. */
const LINE_LIMIT = 64 * 1024;
const TAIL_LIMIT = 64 * 1024;

export async function openLog(directory: string): Promise<RunLog> {
  const container = await boundedFile(runFile(directory, RunFile.containerLog), CONTAINER_LIMIT);
  const raw = {
    stdout: await boundedFile(runFile(directory, RunFile.stdout), RAW_LIMIT),
    stderr: await boundedFile(runFile(directory, RunFile.stderr), RAW_LIMIT),
  };
  const unfinished = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  let head = Buffer.alloc(0);
  const tails = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  let lastOutputAt = Date.now();
  let leftOut = 0;

  const line = (source: string, text: Buffer | string) =>
    container.write(
      Buffer.concat([
        Buffer.from(`${new Date().toISOString()} ${source} | `),
        Buffer.from(text),
        Buffer.from("\n"),
      ]),
    );
  const lines = async (stream: StreamName, bytes: Buffer) => {
    if (container.size() >= OUTPUT_LIMIT) {
      leftOut += bytes.length;
      return;
    }
    const rest = Buffer.concat([unfinished[stream], bytes]);
    const whole = rest.lastIndexOf(10) + 1;
    const end = rest.length - whole > LINE_LIMIT ? rest.length : whole;
    unfinished[stream] = Buffer.from(rest.subarray(end));
    if (end === 0) return;
    // As latin1 each byte stays itself; one write for a whole piece keeps a flood of lines cheap.
    const text = rest.toString("latin1", 0, end).replace(/\n$/, "");
    const prefix = `${new Date().toISOString()} ${stream} | `;
    const prefixed = `${prefix}${text.replaceAll("\n", `\n${prefix}`)}\n`;
    await container.write(Buffer.from(prefixed, "latin1"));
  };
  return {
    note: (text) => line("capture", text.replace(/[\r\n]+/g, " ")),
    async output({ stream, bytes }) {
      lastOutputAt = Date.now();
      if (stream === "stderr") {
        head = Buffer.concat([head, bytes.subarray(0, TAIL_LIMIT - head.length)]);
      }
      tails[stream] = Buffer.concat([tails[stream], bytes]).subarray(-TAIL_LIMIT);
      await raw[stream].write(bytes);
      await lines(stream, bytes);
    },
    lastOutputAt: () => lastOutputAt,
    stderrHead: () => head.toString("utf8"),
    tail: () => (tails.stderr.length > 0 ? tails.stderr : tails.stdout).toString("utf8"),
    async close() {
      for (const stream of ["stdout", "stderr"] as const) {
        if (unfinished[stream].length > 0) await line(stream, unfinished[stream]);
      }
      if (leftOut > 0) await line("capture", `${leftOut} bytes of output are left out of this log`);
      const files = {
        [RunFile.containerLog]: await container.close(),
        [RunFile.stdout]: await raw.stdout.close(),
        [RunFile.stderr]: await raw.stderr.close(),
      };
      const entries = Object.entries(files);
      return {
        problems: entries.flatMap(([name, { error }]) => (error ? [`${name}: ${error}`] : [])),
        cut: Object.fromEntries(
          entries.flatMap(([name, { cut_bytes }]) => (cut_bytes > 0 ? [[name, cut_bytes]] : [])),
        ),
      };
    },
  };
}

/** Opens a bounded file. Throws the system's error where it cannot be made. */
export async function boundedFile(path: string, limit: number): Promise<BoundedFile> {
  const file: FileHandle = await open(path, "w");
  let bytes = 0;
  let cut = 0;
  let error: string | null = null;
  let closed: Promise<void> | null = null;
  return {
    async write(piece) {
      if (closed !== null) return;
      const kept =
        error === null ? piece.subarray(0, Math.max(0, limit - bytes)) : piece.subarray(0, 0);
      try {
        if (kept.length > 0) await file.writeFile(kept);
        bytes += kept.length;
      } catch (caught) {
        error = explain(caught);
      }
      cut += piece.length - kept.length;
    },
    size: () => bytes,
    async close() {
      closed ??= file.close();
      await closed;
      return { bytes, cut_bytes: cut, error };
    },
  };
}
