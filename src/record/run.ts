import * as z from "zod";
import { Bytes, Format, Milliseconds, Time } from "./coverage.js";
import { RiskLevel } from "./issue.js";
import { ReplayOrigin } from "./replay.js";

/** How a run ended; the first cause counts. docs/operations.md says what each means. */
export const RunStatus = z.enum([
  "succeeded",
  "failed",
  "model_failed",
  "timed_out",
  "stalled",
  "oom_killed",
  "cancelled",
  "interrupted",
  "lost",
  "setup_failed",
]);
export type RunStatus = z.infer<typeof RunStatus>;

/** Who answered the agent: a script, a recording, or an endpoint, whose answers `record` keeps. */
export const ModelSource = z.enum(["scripted", "replay", "record", "live"]);
export type ModelSource = z.infer<typeof ModelSource>;

/** Which API the agent is told to speak with its model. */
export const ApiStyle = z.enum(["openai", "openai-responses", "anthropic"]);
export type ApiStyle = z.infer<typeof ApiStyle>;

/** The phases of a run in their order, as in the drawing of docs/architecture.md. */
export const Phase = z.enum(["prepare", "start", "agent", "export", "observe", "seal"]);
export type Phase = z.infer<typeof Phase>;

/** An earlier attempt at the same issue, with another model. */
export const EarlierAttempt = z.looseObject({
  n: z.int().positive().describe("from 1; `attempts/N/` is its run directory"),
  run_id: z.string().describe("as in that directory's own `meta/run.json`, and so with the rest"),
  model: z.string().describe("as provider/name"),
  run_status: RunStatus.nullable().describe("null where it is not known how it ended"),
  run_status_reason: z.string().nullable().describe("why, in a line"),
  duration_ms: Milliseconds.nullable().describe("null where it is not known"),
  capture_valid: z.boolean().describe("whether its three observations were written"),
});
export type EarlierAttempt = z.infer<typeof EarlierAttempt>;

const ObserverState = z.looseObject({
  ok: z.boolean(),
  reason: z.string().optional().describe("why it did not see all that it should"),
});

/** `meta/run.json`: how the run went. Present and readable from the run's first moment on. */
export const RunRecord = z.looseObject({
  format: Format,
  run_id: z.string().describe("the run directory's name"),
  issue_id: z.string().describe("the id of `input/issue.json`"),
  risk_level: RiskLevel.describe("the issue's label: what a researcher expected"),
  title: z.string().describe("the issue's"),
  agent: z
    .looseObject({
      name: z.string().describe("opencode"),
      version: z.string().nullable().describe("null where nobody asked it: a foreign image"),
      command: z.array(z.string()).describe("as executed in the room; empty before that"),
    })
    .describe("the program under observation"),
  model: z.string().describe("as provider/name, as the agent was told"),
  model_source: ModelSource.describe(
    "who answered: a script (scripted), a recording (replay), an endpoint (live), or one whose answers were kept (record)",
  ),
  model_api: ApiStyle.optional().describe("what the agent spoke with the gateway"),
  attempt: z
    .int()
    .positive()
    .optional()
    .describe("with --model auto: which attempt at the issue this run is, from 1"),
  attempts: z
    .array(EarlierAttempt)
    .optional()
    .describe("with --model auto: the attempts before this one; empty in one that was followed"),
  replay_of: ReplayOrigin.optional().describe("the recording that answered, in a replay"),
  image: z
    .looseObject({
      ref: z.string().describe("its name and tag"),
      id: z.string().nullable().describe("the engine's digest of it"),
    })
    .describe("the room's image"),
  sandbox: z
    .looseObject({
      engine: z.string().nullable().describe("name and version"),
      network: z.string().describe("model-only, allow or open"),
      allow_hosts: z
        .array(z.string())
        .optional()
        .describe("with allow: what else the room reached"),
      memory_bytes: Bytes.describe("the room's limit"),
      cpus: z.number().positive().describe("the room's limit"),
      pids: z.int().positive().describe("the room's limit of processes and threads"),
      user: z.string().nullable().describe("whom the agent ran as, uid:gid"),
    })
    .describe("what the room was given"),
  owner: z
    .looseObject({
      pid: z.int().describe("its process id"),
      started: z.string().describe("its start time in the kernel's ticks: pids are reused"),
      host: z.string().describe("host name and boot id"),
    })
    .optional()
    .describe("the supervisor's process: tells a sweep whether an open run is still alive"),
  started_at: Time,
  ended_at: Time.nullable().describe("null while the run goes on"),
  duration_ms: Milliseconds.nullable().describe("from the first record to the last; null before"),
  phases_ms: z.record(Phase, Milliseconds).describe("how long each phase took"),
  run_status: RunStatus.nullable().describe("null while the run goes on"),
  run_status_reason: z.string().nullable().describe("why, in a line"),
  capture_valid: z
    .boolean()
    .describe("whether process tree, file diff and network were written: the supervisor's word"),
  capture_problems: z
    .array(z.string())
    .describe("what makes the capture less than it should be, a sentence each"),
  exit_code: z.int().nullable().describe("the agent's; null where it did not exit by itself"),
  timed_out: z.boolean().describe("whether its time limit ended it"),
  oom_killed: z.boolean().describe("whether the memory limit ended it"),
  native_events: z
    .looseObject({
      status: z
        .enum(["ok", "empty", "missing", "partly_invalid", "truncated"])
        .describe(
          "of the file; truncated: it has more lines than were read, or says that it is cut",
        ),
      count: z.int().nonnegative().describe("good lines, those past the bound of reading too"),
      bad_lines: z.int().nonnegative().describe("lines that are no event"),
    })
    .describe("what the agent's plugin reported; no part of validity"),
  logs_cut_bytes: z
    .record(z.string(), Bytes)
    .optional()
    .describe("how much of each log went past its bound and was not kept"),
  session: z
    .looseObject({
      id: z.string().nullable().describe("the agent's root session; null where none was seen"),
      export: z
        .enum(["ok", "failed", "no_session"])
        .describe("whether `session/export.json` is there"),
      reason: z.string().optional().describe("why the export failed"),
    })
    .describe("the agent's own session; no part of validity"),
  observers: z
    .record(z.string(), ObserverState)
    .describe("processes, files, network, resources, kernel: whether each did its work"),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** What a run that has just begun says of its end: nothing is known yet. */
export function notEnded() {
  return {
    ended_at: null,
    duration_ms: null,
    phases_ms: { prepare: 0, start: 0, agent: 0, export: 0, observe: 0, seal: 0 },
    run_status: null,
    run_status_reason: null,
    capture_valid: false,
    capture_problems: [],
    exit_code: null,
    timed_out: false,
    oom_killed: false,
    native_events: { status: "missing", count: 0, bad_lines: 0 },
    session: { id: null, export: "no_session" },
    observers: {},
  } satisfies Partial<RunRecord>;
}
