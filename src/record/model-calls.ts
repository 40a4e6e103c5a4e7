import * as z from "zod";
import { CanaryTrace } from "./canaries.js";
import { Milliseconds, Time } from "./coverage.js";

const Tokens = z.int().nonnegative().nullable();
const Cut = z.boolean().optional().describe("whether it was cut at its bound");

/** The APIs that the gateway reads along with. */
export const ModelApi = z.enum(["openai-chat", "openai-responses", "anthropic-messages", "other"]);
export type ModelApi = z.infer<typeof ModelApi>;

/** Who says what a call cost. */
export const CostSource = z
  .enum(["answered", "settings", "list"])
  .describe(
    "answered: the answer itself; else its tokens at a price, the user's own (settings) or the one that OpenCode knows (list)",
  );
export type CostSource = z.infer<typeof CostSource>;

/** How a replay came to an answer. */
export const ReplayMatch = z.looseObject({
  matched: z
    .enum(["exact", "nearest", "none"])
    .describe(
      "exact: the same request was recorded; nearest: the same turn was, with another request; none: the recording has no such turn, and the call was refused",
    ),
  recorded_seq: z.int().positive().nullable().describe("the recorded call that answered"),
});
export type ReplayMatch = z.infer<typeof ReplayMatch>;

/** A canary that a model was shown. */
export const ShownCanary = CanaryTrace.extend({
  call_id: z.string().nullable().describe("the tool call in whose result it stands"),
});
export type ShownCanary = z.infer<typeof ShownCanary>;

/** One line of `observations/model_calls.jsonl`: a model call that the gateway carried. */
export const ModelCall = z.looseObject({
  seq: z.int().positive().describe("from 1, in the order in which the calls began"),
  started_at: Time,
  first_byte_ms: Milliseconds.nullable().describe("until the answer began; null where none did"),
  duration_ms: Milliseconds.describe("until the answer's end"),
  endpoint: z.string().describe("the path that was called, such as /v1/chat/completions"),
  api: ModelApi.optional().describe("what the call speaks, by its path"),
  model: z.string().nullable().describe("as asked for"),
  answered_model: z.string().nullable().optional().describe("as the answer names it"),
  streamed: z.boolean().describe("whether a stream was asked for"),
  status: z.int().nullable().describe("HTTP status, null where no answer came"),
  purpose: z.enum(["turn", "title", "other"]).describe("title: the agent's own small-model call"),
  turn: z
    .int()
    .nonnegative()
    .nullable()
    .describe("how many replies the conversation held already: the script's turn, from 0"),
  retry: z
    .int()
    .nonnegative()
    .optional()
    .describe(
      "how many earlier calls that asked the same had failed: the same but for what differs in every run, such as dates and ids",
    ),
  message_count: z.int().nonnegative().nullable().describe("in the request; null where not read"),
  unread: z
    .literal(true)
    .optional()
    .describe("the request is none that every parser reads alike, and was not read"),
  unread_because: z.string().optional().describe("why it was not"),
  provider_hosts: z
    .array(z.string())
    .optional()
    .describe(
      "whence the request asks the model's provider to fetch images, files or tools, as host:port",
    ),
  provider_tools: z
    .array(z.string())
    .optional()
    .describe("offered tools that the model's provider runs itself, by type"),
  request_bytes: z.int().nonnegative().describe("of the request's body"),
  response_bytes: z.int().nonnegative().describe("of the answer's body"),
  text: z.string().nullable().describe("what the model said, cut at a bound"),
  text_truncated: Cut,
  tool_calls: z
    .array(
      z.looseObject({
        id: z.string().nullable().describe("as the model gave it"),
        name: z.string().describe("of the tool"),
        arguments: z.string().describe("as the model wrote them, mostly JSON"),
        arguments_truncated: Cut,
      }),
    )
    .describe("what the model asked the agent to do"),
  tool_calls_omitted: z
    .int()
    .positive()
    .optional()
    .describe("pieces of tool calls past the bound, not kept"),
  stop_reason: z.string().nullable().optional().describe("in the API's own words"),
  tokens: z
    .looseObject({
      input: Tokens.describe("neither read from a cache nor written to one"),
      output: Tokens.describe("with those of reasoning"),
      cache_read: Tokens.optional().describe("read from a cache"),
      cache_write: Tokens.optional().describe("written to a cache"),
      reasoning: Tokens.optional().describe("part of output"),
    })
    .describe("as the answer tells them; null where it does not"),
  cost_usd: z
    .number()
    .nonnegative()
    .nullable()
    .optional()
    .describe("in US dollars; null where neither the answer nor a price tells it"),
  cost_source: CostSource.optional(),
  fault: z.string().optional().describe("the kind of a fault that a script asked for"),
  replay: ReplayMatch.optional().describe("in a replay: how the answer was found"),
  canaries: z
    .array(ShownCanary)
    .optional()
    .describe("canaries of the run in the request: what was once said is said again each time"),
  error: z
    .string()
    .nullable()
    .describe("why the call failed: HTTP status and the endpoint's words, or what broke"),
});
export type ModelCall = z.infer<typeof ModelCall>;
