import { ExitCode, systemWords, UserError } from "../errors.js";
import { type Cassette, readCassette } from "../gateway/cassette.js";
import { liveUpstream } from "../gateway/live.js";
import { recording } from "../gateway/recording.js";
import { replayUpstream } from "../gateway/replay.js";
import { readScript } from "../gateway/script.js";
import type { Upstream } from "../gateway/upstream.js";
import { RunFile, runFile } from "../record/directory.js";
import type { ModelCall } from "../record/model-calls.js";
import type { ReplayOrigin } from "../record/replay.js";
import type { ApiStyle, ModelSource, RunRecord } from "../record/run.js";
import type { ReadyIssue } from "./issues.js";

/** Which model answers, as the user chose it. */
export interface ModelChoice {
  /** `scripted`, `scripted:FILE`, or `provider/name`. */
  model: string;
  baseUrl: string | undefined;
  keyVariable: string | undefined;
  /** What the agent speaks; OpenAI's chat completions where it is left out. */
  api?: ApiStyle;
  /** Whether the answers are kept in the run directory, to be replayed. */
  record?: boolean;
  /** A call is given up after so long without a byte; never where it is left out. */
  silenceMs?: number;
  /** Adds what a call of an endpoint cost, where its answer tells none; nobody knows where left out. */
  withCost?: (call: ModelCall) => ModelCall;
}

/** The chosen model, ready to be opened for one issue. */
export interface Model {
  /** As the agent is told, and as `meta/run.json` says. */
  provider: string;
  name: string;
  api: ApiStyle;
  source: ModelSource;
  scripted: boolean;
  /** The recording that answers, in a replay; else null. */
  origin: ReplayOrigin | null;
  /** Adds what a call cost, where somebody is paid for it and the price is known. */
  withCost(call: ModelCall): ModelCall;
  /** Throws UserError where the model cannot answer one of the issues, before anything starts. */
  check(issues: ReadyIssue[]): Promise<void>;
  /** Opens it for one issue's run; what it keeps goes into `directory`. */
  open(issue: ReadyIssue, directory: string): Promise<Upstream>;
}

/**
 * Takes the choice apart. Throws UserError where it is none, or lacks what it needs; nothing falls
 * back to another model.
 */
export function chooseModel(choice: ModelChoice, environment: NodeJS.ProcessEnv): Model {
  const model = choose(choice, environment);
  if (!choice.record) return model;
  return {
    ...model,
    source: model.source === "live" ? "record" : model.source,
    open: async (issue, directory) =>
      recording(await model.open(issue, directory), runFile(directory, RunFile.cassette)),
  };
}

function choose(choice: ModelChoice, environment: NodeJS.ProcessEnv): Model {
  const { model, api = "openai" } = choice;
  if (model === "scripted" || model.startsWith("scripted:")) {
    const named = model === "scripted" ? null : model.slice("scripted:".length);
    const scriptOf = ({ issue, script }: ReadyIssue) => {
      const path = named ?? script;
      if (path !== null) return readScript(path);
      throw new UserError(`issue ${issue.id} has no script for the scripted model`, {
        hint: "give it one, or choose a model: --model scripted:FILE, --model provider/name",
      });
    };
    return {
      ...{ provider: "scripted", name: "demo", api, source: "scripted", scripted: true },
      ...{ origin: null, withCost: asItIs },
      check: async (issues) => {
        for (const issue of issues) await scriptOf(issue);
      },
      async open(issue) {
        const { scriptedUpstream } = await import("../gateway/scripted.js");
        return scriptedUpstream(await scriptOf(issue), issue.issue.title);
      },
    };
  }
  const [, provider, name] = PROVIDER_AND_NAME.exec(model) ?? [];
  if (provider === undefined || name === undefined) {
    throw new UserError(
      `--model: expected scripted, scripted:FILE, provider/name or auto, got "${model}"`,
    );
  }
  const { baseUrl } = choice;
  if (baseUrl === undefined) {
    throw new UserError(`--model ${model} needs --base-url, the address of its endpoint`, {
      hint: "for example --base-url https://models.example/v1; the setting providers keeps one for good",
    });
  }
  return {
    ...{ provider, name, api, source: "live", scripted: false, origin: null },
    withCost: choice.withCost ?? asItIs,
    check: async () => void keyOf(provider, choice.keyVariable, environment),
    open: async () =>
      liveUpstream(
        baseUrl,
        keyOf(provider, choice.keyVariable, environment),
        choice.silenceMs,
        environment,
      ),
  };
}

const asItIs = (call: ModelCall) => call;

const PROVIDER_AND_NAME = /^([A-Za-z0-9][A-Za-z0-9_-]*)\/(\S+)$/;

/**
 * The model of a recorded run: the same for the agent, answered from the run's cassette. Throws
 * UserError where the run kept none, or one without a call.
 */
export async function recordedModel(directory: string, run: RunRecord): Promise<Model> {
  const [, provider, name] = PROVIDER_AND_NAME.exec(run.model) ?? [];
  if (provider === undefined || name === undefined) {
    throw new UserError(`${directory}: its model "${run.model}" is none that an agent can be told`);
  }
  const cassette = await cassetteOf(directory);
  const origin = { run_id: run.run_id, cassette_sha256: cassette.sha256 };
  return {
    ...{ provider, name, api: run.model_api ?? "openai", source: "replay", scripted: false },
    ...{ origin, withCost: asItIs },
    check: async () => {},
    open: async (_, into) => replayUpstream(cassette, origin, runFile(into, RunFile.replay)),
  };
}

async function cassetteOf(directory: string): Promise<Cassette> {
  const path = runFile(directory, RunFile.cassette);
  const cassette = await readCassette(path).catch((error) => {
    throw new UserError(`${directory} has no recording: ${systemWords(error)}`, {
      hint: "a run keeps one with --record",
      cause: error,
    });
  });
  if (cassette.calls.length > 0) return cassette;
  throw new UserError(`${path} holds no recorded call`);
}

function keyOf(
  provider: string,
  variable: string | undefined,
  environment: NodeJS.ProcessEnv,
): string | null {
  if (variable !== undefined) {
    const key = environment[variable];
    if (key) return key;
    throw new UserError(`--api-key-env: the variable ${variable} is not set`, {
      exitCode: ExitCode.usage,
    });
  }
  const own = `${provider.toUpperCase().replaceAll("-", "_")}_API_KEY`;
  // An endpoint of one's own may need no key.
  return environment["CAPTURE_API_KEY"] || environment[own] || null;
}
