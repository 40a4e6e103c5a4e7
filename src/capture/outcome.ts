import type { RunRecord, RunStatus } from "../record/run.js";

/** How a run ended. The first cause wins: a timeout that leads to a kill is a timeout. */
export type Outcome =
  | { how: "exited"; code: number; ok: boolean; reason: string }
  | { how: "model_failed"; why: string }
  | { how: "timed_out"; afterMs: number }
  | { how: "stalled"; afterMs: number }
  | { how: "oom_killed"; code: number }
  | { how: "cancelled" }
  | { how: "lost"; why: string }
  | { how: "setup_failed"; why: string };

type OutcomeRecord = Pick<
  RunRecord,
  "run_status" | "run_status_reason" | "exit_code" | "timed_out" | "oom_killed"
>;

/** What else was seen. */
export interface Beside {
  /** The kernel killed some process of the room. */
  oomSeen: boolean;
  /** How the agent's last call for an answer failed. */
  modelError: string | null;
}

const ERROR_CHARACTERS = 300;

/**
 * What `meta/run.json` says of an outcome. Of an agent that failed or never ended while its model
 * did not answer, the reason says so: an agent may ask again for ever and print nothing.
 */
export function toRecord(outcome: Outcome, { oomSeen, modelError }: Beside): OutcomeRecord {
  const reason = reasonOf(outcome);
  const gaveUp = ["exited", "timed_out", "stalled"].includes(outcome.how);
  const isFailure = gaveUp && statusOf(outcome) !== "succeeded";
  // An agent may have said the same itself.
  const told = isFailure && modelError !== null && !reason.includes(modelError);
  return {
    run_status: statusOf(outcome),
    run_status_reason: told
      ? `${reason}; its last model call failed: ${modelError.slice(0, ERROR_CHARACTERS)}`
      : reason,
    exit_code: "code" in outcome ? outcome.code : null,
    timed_out: outcome.how === "timed_out",
    oom_killed: outcome.how === "oom_killed" || oomSeen,
  };
}

function statusOf(outcome: Outcome): RunStatus {
  if (outcome.how === "exited") return outcome.ok ? "succeeded" : "failed";
  return outcome.how;
}

function reasonOf(outcome: Outcome): string {
  switch (outcome.how) {
    case "exited":
      return outcome.reason;
    case "timed_out":
      return `still running after ${seconds(outcome.afterMs)}, its time limit`;
    case "stalled":
      return `no output, no events and no work for ${seconds(outcome.afterMs)}`;
    case "oom_killed":
      return `exit code ${outcome.code}: the kernel killed it at the memory limit`;
    case "cancelled":
      return "stopped from outside";
    case "model_failed":
      return `the model is out of use: ${outcome.why}`;
    case "lost":
    case "setup_failed":
      return outcome.why;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
