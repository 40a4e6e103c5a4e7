import * as z from "zod";
import { Canary } from "./canaries.js";
import { Format, Milliseconds, Time } from "./coverage.js";
import { CanarySighting, Finding, RiskFound } from "./finding.js";
import { RiskLevel } from "./issue.js";
import { CostSource } from "./model-calls.js";
import { EarlierAttempt, ModelSource, RunStatus } from "./run.js";

const Count = z.int().nonnegative();

/** A change that one tool call accounts for. */
export const CallChange = z.looseObject({
  path: z.string().describe("as in fs_diff.json"),
  area: z.enum(["workspace", "system"]).describe("which of its lists"),
  basis: z
    .enum(["observed", "input", "command"])
    .describe(
      "observed: an observer tied the change to the call; input: the call is a writing tool with this path as its input; command: the call's shell command names the path, which is a hint and no proof",
    ),
});
export type CallChange = z.infer<typeof CallChange>;

/** One tool call: what the agent claimed, and what was observed of it. */
export const TimelineCall = z.looseObject({
  call_id: z.string().nullable().describe("null where the agent gave none"),
  source: z
    .enum(["native", "model"])
    .describe(
      "native: the agent reported the call; model: the model asked for it, no more is known",
    ),
  session_id: z.string().nullable().describe("of the agent's session that made the call"),
  tool: z.string().describe("its name, as the agent has it"),
  title: z.string().nullable().describe("in the agent's words"),
  input: z.string().nullable().describe("a shell command as it is, any other input as JSON; cut"),
  input_omitted: Count.describe("characters of the input left out"),
  status: z
    .enum(["completed", "error", "running", "denied", "asked"])
    .describe("as claimed; running: no end was reported; asked: only the model's wish is known"),
  claimed_exit_code: z.int().nullable().describe("of a shell command, in the agent's words"),
  started_at: Time.nullable().describe("in the agent's words; null where none"),
  ended_at: Time.nullable().describe("in the agent's words; null where none"),
  duration_ms: Milliseconds.nullable().describe("between the two"),
  output: z.string().nullable().describe("in the agent's words, cut"),
  output_omitted: Count.describe("characters of the output left out"),
  processes: z.array(z.string()).describe("keys of the observed processes with this call id"),
  changes: z.array(CallChange).describe("changed paths that it accounts for"),
  connections: z.array(Count).describe("indexes into network.json's connections"),
  named_connections: z
    .array(Count)
    .describe("made by the agent itself while the call ran, to the host that its input names"),
  named_processes: z
    .array(z.string())
    .optional()
    .describe("keys of searches that the agent itself started while the call ran, by its pattern"),
  omitted: Count.describe("processes, changes and connections of this call left out by the bound"),
});
export type TimelineCall = z.infer<typeof TimelineCall>;

/** Tokens as one source counted them. */
export const TokenCount = z.looseObject({
  calls: Count.describe("model calls, or the agent's messages"),
  input: z.number().nonnegative().describe("neither read from a cache nor written to one"),
  output: z.number().nonnegative().describe("with those of reasoning"),
  reasoning: z.number().nonnegative().optional().describe("part of output"),
  cache_read: z.number().nonnegative().optional().describe("read from a cache"),
  cache_write: z.number().nonnegative().optional().describe("written to a cache"),
  cost: z.number().nonnegative().optional().describe("in US dollars, as far as it is known"),
  cost_sources: z.array(CostSource).optional().describe("of the gateway: who says what it cost"),
  calls_unpriced: Count.optional().describe(
    "of the calls, those whose cost is not known, if any is",
  ),
  calls_untold: Count.optional().describe("of the calls, those whose answer told no tokens"),
});
export type TokenCount = z.infer<typeof TokenCount>;

const Said = z.number().nonnegative().nullable().describe("what it says; null: nothing");

/** Something that the sources count differently. */
export const TokenDifference = z.looseObject({
  what: z
    .enum(["input", "output", "reasoning", "cache_read", "cache_write", "cost"])
    .describe("which kind of tokens, or the cost"),
  gateway: Said,
  native: Said,
  session: Said,
  by: z.number().nonnegative().describe("the largest less the smallest"),
});
export type TokenDifference = z.infer<typeof TokenDifference>;

/** How one source of facts was read, in plain words. */
export const CoverageWords = z.looseObject({
  observer: z.string().describe("the source of facts"),
  state: z
    .enum(["good", "partial", "none"])
    .describe("good: as designed; partial: stopped early, cut or lossy; none: nothing was seen"),
  text: z.string().describe("how it was made, in a sentence"),
  blind_spots: z.array(z.string()).describe("what it may have missed, a sentence each"),
});
export type CoverageWords = z.infer<typeof CoverageWords>;

/** A native event that is told by itself, and not as one of a count. */
export const KeptEvent = z.looseObject({
  seq: Count.describe("as in opencode_events.jsonl"),
  time: z.string().describe("by the room's clock"),
  type: z.string().describe("the event's type, or the hook's name"),
  call_id: z.string().nullable().describe("the tool call that it is about"),
  digest: z.string().describe("one line"),
});
export type KeptEvent = z.infer<typeof KeptEvent>;

/**
 * `derived/summary.json`: all that a run directory says, folded. Made again from it at any time. What
 * a list of many shows comes before `timeline`, with which the long parts begin.
 */
export const Summary = z.looseObject({
  format: Format,
  run_id: z.string().nullable().describe("as in `meta/run.json`; null where that is not readable"),
  issue_id: z.string().nullable().describe("the same"),
  risk_level: RiskLevel.nullable().describe("the issue's label"),
  title: z.string().nullable().describe("the issue's"),
  prompt: z.string().nullable().describe("what the agent was told, from `input/issue.json`"),
  agent: z
    .looseObject({
      name: z.string().describe("as in `meta/run.json`"),
      version: z.string().nullable().describe("the same"),
    })
    .nullable()
    .describe("the program under observation"),
  model: z.string().nullable().describe("as provider/name"),
  model_source: ModelSource.nullable().describe("who answered"),
  attempts: z
    .array(EarlierAttempt)
    .optional()
    .describe("attempts with other models before this one, each kept in `attempts/N/`"),
  started_at: Time.nullable().describe("as in `meta/run.json`"),
  ended_at: Time.nullable().describe("null while the run goes on"),
  duration_ms: Milliseconds.nullable().describe("null while the run goes on"),
  run_status: RunStatus.nullable().describe("null where the run goes on or its record is missing"),
  run_status_reason: z.string().nullable().describe("why, in a line"),
  exit_code: z.int().nullable().describe("the agent's; null where it did not exit by itself"),
  capture_valid: z.boolean().describe("as in `meta/run.json`; false where that is not readable"),
  capture_problems: z.array(z.string()).describe("as in `meta/run.json`"),
  counts: z
    .looseObject({
      tool_calls: Count.describe("in the timeline, those left out too"),
      tool_calls_failed: Count.describe("ended in an error or denied"),
      processes: Count.describe("the agent and what it started, without the supervisor's own"),
      files_changed: Count.describe("changes in the workspace, without folders"),
      lines_added: Count.describe("by the workspace's patches, as far as they were recorded"),
      lines_removed: Count.describe("by the same patches"),
      system_changes: Count.describe("changes outside the workspace"),
      connections: Count.describe("rows of network.json"),
      attempts_refused: Count.describe("attempts to leave the room, each of which failed"),
      names: Count.describe("rows of names in network.json"),
      model_calls: Count.describe("that the gateway carried"),
      native_events: Count.describe("that the agent's plugin wrote"),
      native_events_folded: Count.describe("of these, told as a count alone: `noise`"),
    })
    .describe("how much of each there was"),
  findings: z.array(Finding).describe("the worst first"),
  findings_omitted: Count.describe("findings left out by the bound"),
  risk: RiskFound,
  tokens: z
    .looseObject({
      gateway: TokenCount.nullable().describe("what the model gateway carried"),
      native: TokenCount.nullable().describe("what the agent's events say"),
      session: TokenCount.nullable().describe("what the exported session says"),
      agree: z
        .boolean()
        .nullable()
        .describe("whether all that counted say the same; null where fewer than two did"),
      differences: z
        .array(TokenDifference)
        .describe("where they do not agree, in what and by how much"),
    })
    .describe("tokens and cost as each source counts them"),
  timeline: z.array(TimelineCall).describe("the tool calls, in order of time"),
  timeline_omitted: Count.describe("tool calls left out by the bound"),
  unattributed: z
    .looseObject({
      processes: z.array(z.string()).describe("process keys"),
      changes: z
        .array(
          z.looseObject({
            path: CallChange.shape.path,
            area: CallChange.shape.area,
            agent_state: z
              .boolean()
              .describe("in a folder where the agent keeps its own state: a hint, and no proof"),
          }),
        )
        .describe("changed paths"),
      connections: z.array(Count).describe("indexes into network.json's connections"),
      omitted: Count.describe("processes, changes and connections left out by the bound"),
    })
    .describe("observed and claimed by no tool call; the agent's own process is left out"),
  unobserved: z
    .array(
      z.looseObject({
        call_id: z.string().nullable().describe("as in the timeline"),
        tool: z.string().describe("its name"),
        reason: z.string().describe("why it counts as not seen"),
      }),
    )
    .describe("shell commands that the agent reported and of which no process was seen"),
  canaries: z
    .array(
      z.looseObject({
        ...Canary.pick({ id: true, path: true, variable: true }).shape,
        sightings: z.array(CanarySighting).describe("in order of time; none: it was let alone"),
      }),
    )
    .nullable()
    .optional()
    .describe("the planted credentials and what was done with each; null where there were none"),
  sightings_omitted: Count.optional().describe("sightings left out by the bound"),
  noise: z
    .array(
      z.looseObject({
        type: z.string().describe("of native events"),
        count: Count.describe("how many"),
      }),
    )
    .describe("native events that are told as a count alone, by type"),
  native: z.array(KeptEvent).describe("the native events that are told by themselves"),
  native_omitted: Count.describe("of those, left out by the bound"),
  coverage: z.array(CoverageWords).describe("how each source of facts was read, in plain words"),
  problems: z.array(z.string()).describe("what could not be read, or was cut, a sentence each"),
});
export type Summary = z.infer<typeof Summary>;
