import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import type { Agent } from "../../src/agents/agent.js";
import { opencode } from "../../src/agents/opencode.js";
import { type Capture, capture } from "../../src/capture/capture.js";
import { readIssues } from "../../src/capture/issues.js";
import { chooseModel } from "../../src/capture/model.js";
import { choosePackets } from "../../src/capture/packets.js";
import type { CaptureRequest } from "../../src/capture/request.js";
import { chooseSensing } from "../../src/capture/sensing.js";
import { RunFile, runFile } from "../../src/record/directory.js";
import { FsDiff } from "../../src/record/files.js";
import { readJsonLines } from "../../src/record/lines.js";
import { ModelCall } from "../../src/record/model-calls.js";
import { NetworkObservation } from "../../src/record/network.js";
import { ProcessTree } from "../../src/record/processes.js";
import { readJson } from "../../src/record/read.js";
import { connectEngine, type Engine } from "../../src/sandbox/engine.js";
import { ensureImage } from "../../src/sandbox/image.js";

/** The project's own folder. */
export const PROJECT = join(import.meta.dirname, "..", "..");

/** A shell command as the scripted model asks for it. */
export const bash = (command: string) => ({
  tool: "bash",
  arguments: { command, description: "a step of the test" },
});

/** A scratch folder that the test removes. */
export interface Scratch extends Disposable {
  path: string;
  /** Writes an issues file with one issue, its workspace and its script. */
  issues(turns: object[], files?: Record<string, string | Buffer>): string;
}

export function scratch(): Scratch {
  const path = mkdtempSync(join(tmpdir(), "capture-test-"));
  return {
    path,
    issues(turns, files = { "a.txt": "one\n" }) {
      mkdirSync(join(path, "workspace"), { recursive: true });
      for (const [name, content] of Object.entries(files)) {
        mkdirSync(dirname(join(path, "workspace", name)), { recursive: true });
        writeFileSync(join(path, "workspace", name), content);
      }
      writeFileSync(join(path, "script.json"), JSON.stringify({ turns }));
      const issue = {
        id: "probe",
        risk_level: "safe",
        title: "A probe",
        prompt: "Do as the script says.",
        workspace: "workspace",
        script: "script.json",
      };
      writeFileSync(join(path, "issues.json"), JSON.stringify([issue]));
      return join(path, "issues.json");
    },
    // A program that the test killed may write its last yet.
    [Symbol.dispose]: () =>
      rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  };
}

/** A scratch folder for each test of the file that calls this, gone when the test is over. */
export function scratchForEach(): Omit<Scratch, typeof Symbol.dispose> {
  let now: Scratch | undefined;
  const current = () => {
    if (now === undefined) throw new Error("there is a scratch folder within a test only");
    return now;
  };
  beforeEach(() => {
    now = scratch();
  });
  afterEach(() => {
    now?.[Symbol.dispose]();
    now = undefined;
  });
  return {
    get path() {
      return current().path;
    },
    issues: (turns, files) => current().issues(turns, files),
  };
}

type Place = Pick<CaptureRequest, "engine" | "image" | "doorImage" | "sensing">;
let ready: Promise<Place> | undefined;

/** The engine and the project's own image; both made ready by `make test` before any test. */
export async function place(): Promise<Place> {
  ready ??= (async () => {
    const engine = await connectEngine();
    const image = await ensureImage(engine, () => {});
    const version = image.opencodeVersion;
    const sensing = await chooseSensing(engine, "auto", () => {});
    return {
      engine,
      image: { ref: image.ref, id: image.id, version },
      doorImage: image.ref,
      sensing,
    };
  })();
  return ready;
}

/** Captures the first issue of a file, or the one in `change`, with the scripted model. */
export async function captureIssue(
  issuesFile: string,
  captures: string,
  change: Partial<CaptureRequest> = {},
): Promise<Capture> {
  const issue = change.issue ?? (await readIssues(issuesFile))[0];
  if (issue === undefined) throw new Error(`${issuesFile} has no issue`);
  const ready = await place();
  const network = change.network ?? { mode: "model-only", allowHosts: [] };
  return capture({
    ...ready,
    packets: await choosePackets(ready.engine, network.mode, 0, () => {}),
    door: "auto",
    agent: opencode,
    bin: "opencode",
    model: chooseModel({ model: "scripted", baseUrl: undefined, keyVariable: undefined }, {}),
    issue,
    captures,
    packageRoot: PROJECT,
    limits: { memoryBytes: 2 * 1024 ** 3, cpus: 2, pids: 256 },
    network,
    timeoutMs: 90_000,
    stallMs: 60_000,
    keepWorkspace: false,
    includeIgnored: false,
    canaries: true,
    signal: new AbortController().signal,
    onProgress: () => {},
    ...change,
  });
}

/** OpenCode's adapter with another command in its place: a program that behaves as no agent should. */
export function agentThat(command: string[], change: Partial<Agent> = {}): Agent {
  return { ...opencode, command: () => command, ...change };
}

/** Everything that a capture observed, each file checked against its schema. */
export async function observed({ directory }: Capture) {
  const read = (file: (typeof RunFile)[keyof typeof RunFile]) => runFile(directory, file);
  return {
    processes: (await readJson(read(RunFile.processes), ProcessTree)).processes,
    files: await readJson(read(RunFile.files), FsDiff),
    network: await readJson(read(RunFile.network), NetworkObservation),
    calls: (await readJsonLines(read(RunFile.modelCalls), ModelCall)).lines,
  };
}

/** Names of our containers that belong to a run, running or not. */
export async function containersOf(runId: string, engine?: Engine): Promise<string[]> {
  const { docker } = engine ?? (await place()).engine;
  const label = [`opencode-capture.run=${runId}`];
  const found = await docker.listContainers({ all: true, filters: { label } });
  return found.map((container) => container.Names[0] ?? container.Id);
}
