import { opencode } from "../agents/opencode.js";
import { captureInAttempts } from "../capture/attempts.js";
import { type Capture, capture } from "../capture/capture.js";
import type { ReadyIssue } from "../capture/issues.js";
import type { Model } from "../capture/model.js";
import { choosePolicy } from "../capture/network.js";
import { choosePackets } from "../capture/packets.js";
import type { CaptureRequest } from "../capture/request.js";
import { ExitCode, explain } from "../errors.js";
import { describePolicy, type NetworkPolicy } from "../record/network-policy.js";
import type { ModelSource } from "../record/run.js";
import type { MadeReport } from "../report/report.js";
import type { Settings } from "../settings.js";
import { readKeys } from "./key-file.js";
import { type AutoModels, autoModels } from "./model-auto.js";
import { namedModel } from "./named-model.js";
import { type Output, paint } from "./output.js";
import { PACKAGE_ROOT } from "./package.js";
import { type QueueView, queueView } from "./progress.js";
import { makeReady } from "./ready.js";

/** How a queue ended, and what it has captured by then, in order. */
export interface QueueResult {
  code: ExitCode;
  captures: Capture[];
}

/**
 * Captures issues one after another; one that fails never stops the rest, an interruption does.
 * `given` takes the place of the model that the settings choose. Throws UserError before the first
 * capture where the model, the engine or the image cannot be had, and before a later one where the
 * engine is gone for good or no model of the pool is usable any more.
 */
export async function captureQueue(
  issues: ReadyIssue[],
  settings: Settings,
  output: Output,
  signal: AbortSignal,
  given?: Model,
): Promise<QueueResult> {
  const keys = readKeys(settings);
  const named = given ?? (await namedModel(settings, keys.environment, output));
  await named?.check(issues);
  const queue = issues.map((issue) => ({
    issue,
    network: choosePolicy(issue.issue, { mode: settings.network, allowHosts: settings.allow_host }),
  }));
  let ready = await makeReady(settings, output, signal);
  const asked: Asked =
    named === null
      ? { pool: await autoModels(settings, keys.environment, output, signal) }
      : { model: named };
  const view = queueView(output, issues.length, sourceOf(asked, settings));
  const tellEnding = () => output.aside("ending the current capture; once more to leave at once");
  signal.addEventListener("abort", tellEnding, { once: true });
  const captures: Capture[] = [];
  try {
    for (const { issue, network } of queue) {
      if (signal.aborted) break;
      if (mayLackEngine(captures.at(-1))) ready = await makeReady(settings, output, signal);
      view.issue(issue);
      let made: MadeReport | null = null;
      tellNetwork(network, issue, output);
      const keepBytes = settings.pcap ? settings.pcap_size : 0;
      const { engine } = ready;
      const packets = await choosePackets(engine, network.mode, keepBytes, output.aside, signal);
      const request: Unmodelled = {
        ...{ ...ready, ...fromSettings(settings), issue, network, packets },
        timeoutMs: (issue.issue.timeout_seconds ?? settings.timeout) * 1000,
        keyFile: keys.file,
        signal,
        onProgress: (progress) => {
          if (progress.type === "phase" && progress.phase === "agent") readyReports();
          view.progress(progress);
        },
        onSealed: async (sealed) => {
          made = await report(sealed, output);
        },
      };
      const captured = await ("model" in asked
        ? capture({ ...request, model: asked.model })
        : tryModels(request, asked.pool, { view, output, most: settings.model_attempts }));
      captures.push(captured);
      view.done({ capture: captured, report: made });
    }
  } finally {
    signal.removeEventListener("abort", tellEnding);
    view.end();
  }
  const code = signal.aborted ? ExitCode.interrupted : exitCode(captures);
  return { code, captures };
}

/** Who answers: one model, or those of the pool. */
type Asked = { model: Model } | { pool: AutoModels };

function sourceOf(asked: Asked, { record }: Settings): ModelSource {
  if ("model" in asked) return asked.model.source;
  return record ? "record" : "live";
}

/** What a capture needs to know but its model. */
type Unmodelled = Omit<CaptureRequest, "model" | "attempt">;

/** What is the same for every capture under these settings. */
function fromSettings(settings: Settings) {
  return {
    agent: opencode,
    bin: settings.opencode_bin,
    captures: settings.captures,
    packageRoot: PACKAGE_ROOT,
    limits: { memoryBytes: settings.memory, cpus: settings.cpus, pids: settings.pids },
    door: settings.door,
    stallMs: settings.stall * 1000,
    keepWorkspace: settings.keep_workspace,
    includeIgnored: settings.include_ignored,
    canaries: settings.canaries,
  } satisfies Partial<Unmodelled>;
}

/** An engine that went away is sought again, and started where it can be, before the next issue. */
function mayLackEngine(last: Capture | undefined): boolean {
  const status = last?.record.run_status;
  return status === "lost" || status === "setup_failed";
}

/** Captures with the pool's models, each said before it is asked; a failed attempt has its report. */
async function tryModels(
  request: Unmodelled,
  pool: AutoModels,
  { view, output, most }: { view: QueueView; output: Output; most: number },
): Promise<Capture> {
  return captureInAttempts({
    ...request,
    model: await pool.first(),
    supply: pool,
    most,
    onAttempt: (n, model) => {
      view.attempt(n, `${model.provider}/${model.name}`);
      return pool.announce(model);
    },
    onFollowed: async (done) => {
      await report(done, output);
      view.followed(done.record);
    },
  });
}

/** A room that is not sealed is said aloud, also with `-q`. */
function tellNetwork(network: NetworkPolicy, { issue }: ReadyIssue, output: Output): void {
  if (network.mode === "model-only") return;
  const { mode, allowHosts } = network;
  output.json({ type: "network", issue_id: issue.id, mode, allow_hosts: allowHosts });
  const text = `NETWORK ${describePolicy(network)}`;
  output.result(mode === "open" ? paint(["bold", "red"], text) : paint("yellow", text));
}

/** Loads what reports need while the agent works, so that none waits; a fault shows with the report. */
function readyReports(): void {
  import("./report.js").then(({ prepare }) => prepare()).catch(() => {});
}

/** Null where it could not be made: the capture stands without it. */
async function report({ directory }: Capture, output: Output): Promise<MadeReport | null> {
  try {
    const { makeReport } = await import("../report/report.js");
    return await makeReport(directory);
  } catch (error) {
    output.aside(`${directory}: no report: ${explain(error)}`);
    return null;
  }
}

function exitCode(captures: readonly Capture[]): ExitCode {
  const records = captures.map(({ record }) => record);
  if (records.some((record) => !record.capture_valid)) return ExitCode.invalidCapture;
  const succeeded = records.every((record) => record.run_status === "succeeded");
  return succeeded ? ExitCode.ok : ExitCode.agentFailed;
}
