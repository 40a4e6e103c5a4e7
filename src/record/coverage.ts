import * as z from "zod";

/** The format number written in every JSON file of a run directory. */
export const FORMAT = 1;

export const Format = z.int().positive().describe("version of the run directory's format");
export const Time = z.iso.datetime().describe("ISO 8601, UTC, milliseconds");
export const Milliseconds = z.number().nonnegative();
export const Bytes = z.number().nonnegative();

/** Who caused an observed fact, as far as it could be joined to a tool call. */
export const CallId = z
  .string()
  .nullable()
  .describe("the tool call that caused it; null: none is known");
export const ProcessKey = z.string().describe("a process key, as in process_tree.json");

const Counts = z.record(z.string(), z.int().nonnegative());

const Method = z.enum(["kernel", "poll", "snapshot", "gateway", "none"]);
const looks = {
  source: z.string().optional().describe("where the facts were read, in words"),
  interval_ms: Milliseconds.optional().describe("time between two looks, for poll"),
  samples: z.int().nonnegative().optional().describe("how often it looked"),
};

/** How an observation was made and what it may have missed; in every observation. */
export const Coverage = z
  .looseObject({
    method: Method.describe("how it was made; none: the observer failed, so nothing was seen"),
    ...looks,
    lost_events: z.int().nonnegative().describe("facts known to be lost"),
    sent: Counts.optional().describe("events of each kind as the kernel counted them by itself"),
    received: Counts.optional().describe(
      "events of each kind that arrived; equal to sent: none lost",
    ),
    blind_spots: z.array(z.string()).describe("what it may have missed, a sentence each"),
    error: z.string().optional().describe("why the observer stopped early, when it did"),
    followed_by: z
      .looseObject({ method: Method.describe("poll"), ...looks, started_at: Time })
      .optional()
      .describe("how it went on when the observer had stopped early"),
    started_at: Time,
    ended_at: Time,
  })
  .describe("how this was observed, and what may have been missed");
export type Coverage = z.infer<typeof Coverage>;
