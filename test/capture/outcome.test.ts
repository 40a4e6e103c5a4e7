import { expect, test } from "vitest";
import { type Outcome, toRecord } from "../../src/capture/outcome.js";

test.each<[Outcome, string]>([
  [{ how: "exited", code: 0, ok: true, reason: "exit code 0, session idle" }, "succeeded"],
  [{ how: "exited", code: 0, ok: false, reason: "but the session ended in an error" }, "failed"],
  [{ how: "exited", code: 1, ok: false, reason: "exit code 1" }, "failed"],
  [{ how: "timed_out", afterMs: 2000 }, "timed_out"],
  [{ how: "stalled", afterMs: 2000 }, "stalled"],
  [{ how: "oom_killed", code: 137 }, "oom_killed"],
  [{ how: "cancelled" }, "cancelled"],
  [{ how: "lost", why: "the room is gone" }, "lost"],
  [{ how: "setup_failed", why: "no room" }, "setup_failed"],
])("%o is recorded as %s", (outcome, status) => {
  const record = toRecord(outcome, { oomSeen: false, modelError: null });
  expect(record.run_status).toBe(status);
  expect(record.run_status_reason).not.toBe("");
  expect(record.timed_out).toBe(status === "timed_out");
  expect(record.oom_killed).toBe(status === "oom_killed");
  expect(record.exit_code).toBe("code" in outcome ? outcome.code : null);
});

test("an out-of-memory kill of some other process is told beside another ending", () => {
  const record = toRecord(
    { how: "exited", code: 0, ok: true, reason: "" },
    { oomSeen: true, modelError: null },
  );
  expect(record).toMatchObject({ run_status: "succeeded", oom_killed: true });
});

test("of an agent that did not finish, the model's last error is told; of another it is not", () => {
  const beside = { oomSeen: false, modelError: "the answer is not JSON" };
  const told = (outcome: Outcome) => toRecord(outcome, beside).run_status_reason;
  const itself = "exit code 1: the answer is not JSON";
  expect(told({ how: "exited", code: 1, ok: false, reason: itself })).toBe(itself);
  expect(told({ how: "timed_out", afterMs: 2000 })).toBe(
    "still running after 2 s, its time limit; its last model call failed: the answer is not JSON",
  );
  expect(told({ how: "exited", code: 1, ok: false, reason: "exit code 1" })).toContain("not JSON");
  expect(told({ how: "exited", code: 0, ok: true, reason: "well" })).toBe("well");
  expect(told({ how: "cancelled" })).toBe("stopped from outside");
});
