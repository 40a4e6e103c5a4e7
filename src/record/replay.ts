import * as z from "zod";
import { Format } from "./coverage.js";
import { ModelCall, ReplayMatch } from "./model-calls.js";

const Count = z.int().nonnegative();

/** Which recording a replay answered from. */
export const ReplayOrigin = z.looseObject({
  run_id: z.string().describe("of the recorded run"),
  cassette_sha256: z.string().describe("of its `session/cassette.jsonl`"),
});
export type ReplayOrigin = z.infer<typeof ReplayOrigin>;

/** A call that differs from what was recorded. */
export const Departure = z.looseObject({
  seq: z.int().positive().describe("as in this run's model_calls.jsonl"),
  recorded_seq: ReplayMatch.shape.recorded_seq,
  purpose: ModelCall.shape.purpose,
  turn: ModelCall.shape.turn,
  diff: z
    .string()
    .describe("unified, from the recorded request to this one; empty where nothing is new in it"),
  diff_truncated: z.boolean().optional().describe("whether it was cut at its bound"),
  diff_coarse: z
    .boolean()
    .optional()
    .describe("all that lies between the first and the last difference is shown as replaced"),
});
export type Departure = z.infer<typeof Departure>;

/** `observations/replay.json`: where an agent departed from the recording that it was replayed. */
export const ReplayRecord = z.looseObject({
  format: Format,
  origin: ReplayOrigin.describe("the recording that answered"),
  recorded_calls: Count.describe("how many calls the recording holds"),
  exact: Count.describe("calls that were as recorded"),
  nearest: Count.describe("calls that differed, and got the answer of the same turn"),
  none: Count.describe("calls of a turn that was not recorded, which were refused"),
  departures: z.array(Departure).describe("the calls that differed or had no turn, in order"),
  departures_omitted: Count.describe("departures left out by the bound"),
  unused: z.array(z.int().positive()).describe("recorded calls that were never asked for"),
});
export type ReplayRecord = z.infer<typeof ReplayRecord>;
