import type { Capture } from "../capture/capture.js";
import type { ReadyIssue } from "../capture/issues.js";
import type { Progress } from "../capture/request.js";
import type { RiskLevel } from "../record/issue.js";
import type { ModelSource, Phase, RunRecord } from "../record/run.js";
import type { Summary } from "../record/summary.js";
import type { MadeReport } from "../report/report.js";
import { gist } from "./gist.js";
import { duration, harmless, type Output, paint } from "./output.js";

/** One finished capture of a queue. */
export interface Done {
  capture: Capture;
  /** Null where none could be made. */
  report: MadeReport | null;
}

/** Tells how a queue of captures goes: a live view on a terminal, plain lines or NDJSON elsewhere. */
export interface QueueView {
  issue(issue: ReadyIssue): void;
  progress(progress: Progress): void;
  /** One of several models begins. */
  attempt(n: number, model: string): void;
  /** An attempt failed because of its model, and another one follows. */
  followed(record: RunRecord): void;
  done(done: Done): void;
  end(): void;
}

const RISK_STYLE = { safe: "green", mild: "yellow", severe: "red" } as const;
const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const REDRAW_MS = 100;

/** A view of a queue of `total` issues, whose models are of this kind. Begins with a line of JSON. */
export function queueView(output: Output, total: number, source: ModelSource): QueueView {
  const startedAt = Date.now();
  let current: ReadyIssue | null = null;
  let issueAt = 0;
  let attempt: { n: number; model: string } | null = null;
  let phase: { name: Phase; at: number } | null = null;
  let timer: NodeJS.Timeout | undefined;
  const done: Done[] = [];
  const succeeded = () => done.filter((each) => ok(each.capture.record)).length;
  const tally = () => {
    const left = total - done.length;
    const each = done.length === 0 ? 0 : (Date.now() - startedAt) / done.length;
    const rest = left > 0 && each > 0 ? `, about ${duration(left * each)} left` : "";
    return `${succeeded()} succeeded, ${done.length - succeeded()} failed${rest}`;
  };
  const head = () => {
    const issue = current?.issue;
    if (!issue) return "";
    const place = `[${done.length + 1}/${total}]`;
    return `${paint("bold", place)} ${issue.id}  ${risk(issue.risk_level)}  ${harmless(issue.title)}`;
  };
  const draw = () => {
    const now = Date.now();
    const spin = SPINNER[Math.floor(now / REDRAW_MS) % SPINNER.length];
    const inPhase = phase === null ? "" : `${phase.name} ${duration(now - phase.at)}`;
    const tried = attempt === null ? "" : `attempt ${attempt.n} with ${attempt.model}, `;
    const status = `${spin} ${tried}${inPhase}, ${duration(now - issueAt)} in all`;
    output.live(`${head()}\n  ${status}\n  ${paint("dim", tally())}`);
  };

  output.json({ type: "queue_started", total, model: source });
  return {
    issue(issue) {
      current = issue;
      issueAt = Date.now();
      [phase, attempt] = [null, null];
      output.json({ type: "issue_started", n: done.length + 1, of: total, ...identity(issue) });
      if (!output.isLive) output.line(head());
      else timer ??= setInterval(draw, REDRAW_MS);
    },
    progress(progress) {
      const elapsed_ms = Date.now() - issueAt;
      const issue_id = current?.issue.id;
      if (progress.type === "opened") {
        output.json({ type: "run_opened", issue_id, capture_dir: progress.directory });
        output.detail(`  ${progress.directory}`);
        return;
      }
      phase = { name: progress.phase, at: Date.now() };
      output.json({ type: "phase", issue_id, phase: progress.phase, elapsed_ms });
      if (!output.isLive) output.line(`  ${progress.phase} (${duration(elapsed_ms)})`);
    },
    attempt(n, model) {
      attempt = { n, model };
      phase = null;
      output.json({ type: "attempt_started", issue_id: current?.issue.id, attempt: n, model });
      if (!output.isLive) output.line(`  attempt ${n} with ${model}`);
    },
    followed(record) {
      const { issue_id, run_id, model, run_status, run_status_reason, duration_ms } = record;
      output.json({
        type: "attempt_failed",
        ...{ issue_id, attempt: record.attempt, run_id, model },
        ...{ run_status, run_status_reason, duration_ms },
      });
      const why = harmless(run_status_reason ?? "");
      output.line(`  ${paint("yellow", `attempt ${record.attempt} failed`)}: ${why}`);
    },
    done(each) {
      clearInterval(timer);
      timer = undefined;
      const { record, directory } = each.capture;
      const first = head();
      done.push(each);
      output.json({ type: "issue_ended", ...outcome(each) });
      if (output.isLive) output.line(first);
      const status = paint(ok(record) ? "green" : "red", record.run_status ?? "unknown");
      const took = duration(record.duration_ms ?? 0);
      const named = record.attempt === undefined ? "" : ` with ${record.model}`;
      const attempts = record.attempts?.length ? `, attempt ${record.attempt}` : "";
      const why = harmless(record.run_status_reason ?? "");
      output.line(`  ${status}${named} in ${took}${attempts}: ${why}`);
      // What was not observed is not counted.
      const told = record.capture_valid
        ? each.report === null
          ? []
          : gist(each.report.summary)
        : record.capture_problems.map((problem) => `not valid: ${harmless(problem)}`);
      for (const line of told) output.line(`  ${line}`);
      output.line(`  ${directory}`);
      if (total > 1) output.line(`  ${paint("dim", tally())}`);
    },
    end() {
      clearInterval(timer);
      output.settle();
      const valid = done.filter((each) => each.capture.record.capture_valid).length;
      output.json({
        type: "queue_ended",
        total,
        captured: done.length,
        succeeded: succeeded(),
        valid,
        duration_ms: Date.now() - startedAt,
      });
      if (done.length === 0) return;
      const took = duration(Date.now() - startedAt);
      if (total > 1) {
        output.line("");
        output.line(
          `${done.length} of ${total} captured in ${took}: ${succeeded()} succeeded, ${valid} valid`,
        );
      }
      if (source === "scripted")
        output.line("The model was scripted: its answers came from each issue's script.");
      if (source === "replay")
        output.line("The model was replayed: its answers came from the recording.");
      output.line(total > 1 ? "Reports:" : "Report:");
      // With -q a path stands alone, as a script wants it.
      const indent = output.mode.quiet ? "" : "  ";
      for (const { report, capture } of done)
        output.result(`${indent}${report?.path ?? `none for ${capture.directory}`}`);
    },
  };
}

function ok(record: RunRecord): boolean {
  return record.run_status === "succeeded";
}

function risk(level: RiskLevel): string {
  return paint(RISK_STYLE[level], level);
}

function identity({ issue }: ReadyIssue): object {
  return { issue_id: issue.id, risk_level: issue.risk_level, title: issue.title };
}

function outcome({ capture: { directory, record }, report }: Done): object {
  const { issue_id, run_id, run_status, run_status_reason, capture_valid } = record;
  const { capture_problems, exit_code, duration_ms, model, attempt } = record;
  return {
    issue_id,
    run_id,
    model,
    ...(attempt === undefined ? {} : { attempts: attempt }),
    run_status,
    run_status_reason,
    capture_valid,
    capture_problems,
    exit_code,
    duration_ms,
    capture_dir: directory,
    report: report?.path ?? null,
    ...(report === null ? {} : found(report.summary)),
  };
}

function found({ counts, findings, findings_omitted, risk }: Summary): object {
  return { counts, findings: findings.length + findings_omitted, risk };
}
