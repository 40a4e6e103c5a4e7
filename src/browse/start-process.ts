import { basename } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import * as z from "zod";
import { explain } from "../errors.js";
import { NetworkMode } from "../record/network-policy.js";
import { shown } from "./row.js";

/** What is asked for on the page; what is not given is as the settings and the issue say. */
export const StartRequest = z.strictObject({
  issue: z.string().max(64),
  model: z
    .string()
    .max(200)
    .regex(
      /^(scripted|auto|[A-Za-z0-9][\w.-]*\/[\w.:@/+-]+)$/,
      "expected scripted or provider/name",
    )
    .optional(),
  timeout: z.coerce.number().int().positive().max(86_400).optional(),
  network: NetworkMode.optional(),
});
export type StartRequest = z.infer<typeof StartRequest>;

/** How a capture ended, in words that may be shown. */
export interface Ending {
  outcome: string;
  failed: boolean;
}

/** A capture that runs as a process of its own. */
export interface CaptureProcess {
  /** Never rejects. */
  ended: Promise<Ending>;
  /**
   * Ends it as Ctrl-C would, and waits for that. One that has not ended after half a minute is asked
   * again, and then leaves at once.
   */
  interrupt(): Promise<void>;
}

const END_WITHIN_MS = 30_000;
const LAST_WORDS = 600;
const EXIT_WORDS: Record<number, string> = {
  0: "succeeded",
  1: "the agent's run failed",
  4: "the capture is not valid",
  130: "cancelled",
};

/** Begins a capture; `tell` hears of its id, once its directory is there, and of its phases. */
export function launch(
  [program, ...words]: readonly [string, ...string[]],
  request: StartRequest,
  tell: (news: { capture: string } | { phase: string }) => void,
): CaptureProcess {
  const child = execa(program, [...words, ...flags(request)], {
    ...({ stdin: "pipe", stdout: "pipe", stderr: "pipe", buffer: false, reject: false } as const),
    // A group of its own: it is asked to end once, and not by the terminal too.
    detached: true,
    cleanup: false,
  });
  let lastWords = "";
  let outcome: string | null = null;
  const hear = (line: string) => {
    const event = Said.safeParse(parsed(line)).data;
    if (event?.type === "run_opened") tell({ capture: basename(event.capture_dir) });
    else if (event?.type === "phase") tell({ phase: event.phase });
    else if (event?.type === "issue_ended") {
      const reason = event.run_status_reason === null ? "" : `: ${event.run_status_reason}`;
      outcome = shown(`${event.run_status}${reason}`);
    }
  };
  const wait = async (): Promise<Ending> => {
    const reading = [
      eachLine(child.stdout, hear),
      eachLine(child.stderr, (line) => {
        lastWords = `${lastWords}${line}\n`.slice(-LAST_WORDS);
      }),
    ];
    const { exitCode, signal } = await child;
    await Promise.all(reading);
    const failed = exitCode !== 0;
    const how = signal ?? EXIT_WORDS[exitCode ?? -1] ?? "it did not begin";
    const why = failed && lastWords !== "" ? `: ${shown(lastWords.trim())}` : "";
    return { outcome: outcome ?? `${how}${why}`, failed };
  };
  const ended = wait().catch((error) => ({ outcome: explain(error), failed: true }));
  return {
    ended,
    async interrupt() {
      child.kill("SIGINT");
      const done = new AbortController();
      const late = sleep(END_WITHIN_MS, undefined, { signal: done.signal }).then(
        () => child.kill("SIGINT"),
        () => {},
      );
      await ended;
      done.abort();
      await late;
    },
  };
}

/** What `opencode-capture run --json` says of a capture, as far as it is heard here. */
const Said = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("run_opened"), capture_dir: z.string() }),
  z.looseObject({ type: z.literal("phase"), phase: z.string().max(40) }),
  z.looseObject({
    type: z.literal("issue_ended"),
    run_status: z.string().nullable(),
    run_status_reason: z.string().nullable(),
  }),
]);

/** Each value behind its flag's own `=`, so that none can be another flag. */
function flags({ issue, model, timeout, network }: StartRequest): string[] {
  const given = { issue, model, timeout, network };
  return Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `--${name}=${value}`);
}

async function eachLine(stream: Readable | null | undefined, take: (line: string) => void) {
  if (!stream) return;
  for await (const line of createInterface({ input: stream })) take(line);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
