import * as z from "zod";
import { Milliseconds, Time } from "./coverage.js";
import { ModelApi, ModelCall } from "./model-calls.js";

const Count = z.int().nonnegative();
const Digest = z.string().regex(/^[0-9a-f]{64}$/);

/** What calls are asked with, each text once: a conversation repeats itself from call to call. */
export const CassettePart = z.looseObject({
  kind: z.literal("part"),
  sha256: Digest.describe("of the whole text, before any cut"),
  text: z.string().describe("with keys, ids, times and durations replaced by what they are"),
  text_omitted: Count.describe("characters left out by the bound"),
});
export type CassettePart = z.infer<typeof CassettePart>;

/** A call and the bytes that answered it. */
export const CassetteCall = z.looseObject({
  kind: z.literal("call").describe("call; of the other kind of line: part"),
  seq: z.int().positive().describe("as in model_calls.jsonl"),
  started_at: Time,
  path: z.string().describe("that was called, without /v1"),
  api: ModelApi.describe("what the call speaks"),
  purpose: ModelCall.shape.purpose,
  turn: ModelCall.shape.turn,
  fingerprint: Digest.describe("of the path and all parts: equal for equal requests"),
  parts: z
    .array(
      z.looseObject({
        name: z.string().describe("where it stands in the request"),
        sha256: Digest.describe("of the part's line"),
      }),
    )
    .describe("what it was asked with, in order"),
  status: z.int().nullable().describe("null where no answer came"),
  content_type: z.string().nullable().describe("the answer's; null where it has none"),
  headers: z
    .record(z.string(), z.string())
    .optional()
    .describe("those that say whether and when to ask again"),
  retry_after: z.string().nullable().optional().describe("of older recordings, without `headers`"),
  body: z.string().describe("the answer's bytes, as `encoding` says"),
  encoding: z.enum(["utf8", "base64"]).describe("of `body`"),
  body_omitted_bytes: Count.describe("bytes of the answer left out by the bound"),
  chunks: z
    .array(z.tuple([Milliseconds, Count]))
    .describe("when each piece came, from the call's start, and how many bytes it brought"),
  broken: z.string().nullable().describe("why the answer never came, or ended early"),
});
export type CassetteCall = z.infer<typeof CassetteCall>;

/** One line of `session/cassette.jsonl`: a call after the parts that it is the first to ask with. */
export const CassetteLine = z.discriminatedUnion("kind", [CassettePart, CassetteCall]);
export type CassetteLine = z.infer<typeof CassetteLine>;
