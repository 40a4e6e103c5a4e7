import { chooseModel, type Model } from "../capture/model.js";
import type { ModelNews, ModelSupply } from "../capture/model-trial.js";
import { ExitCode, explain, UserError } from "../errors.js";
import { proxyVariables } from "../gateway/host-proxy.js";
import { type Choice, choose, isFree } from "../models/choose.js";
import { type PoolFile, readPool, tellPool, updatePool } from "../models/pool.js";
import { costsBy, pricesOf } from "../models/price.js";
import { type Endpoint, endpointOf, unreachable } from "../models/providers.js";
import { type ModelOutcome, outcomeOf } from "../models/report.js";
import { holdOn, type PoolState } from "../models/state.js";
import type { Settings } from "../settings.js";
import { described } from "./model-views.js";
import { harmless, type Output, paint } from "./output.js";
import { poolRules, refreshPool, told, userPool } from "./pool.js";

/** So many models are named where none is usable. */
const SHOWN_MODELS = 20;

/** The pool's models for captures, each chosen when it is needed. */
export interface AutoModels extends ModelSupply {
  /** The one to begin an issue with. Throws UserError where none is usable, saying why of each. */
  first(): Promise<Model>;
  /** Says where the workspace's contents will go: aloud the first time on this machine. */
  announce(model: Model): Promise<void>;
}

/**
 * Makes the pool's list anew and gives its models. Where the list cannot be made, the old one is
 * used, and said. Keys are taken from `environment`. Throws UserError where there is none.
 */
export async function autoModels(
  settings: Settings,
  environment: NodeJS.ProcessEnv,
  output: Output,
  signal: AbortSignal,
): Promise<AutoModels> {
  const pool = userPool();
  const means = { settings, environment };
  await refreshOrSay(pool, settings, output, signal);
  const read = async () => (await readPool(pool)).state;
  const chosen = (state: PoolState, tried: readonly string[]) =>
    chooseReachable(state, tried, means);
  const tell = async (model: Model, outcome: ModelOutcome): Promise<ModelNews> => {
    const name = `${model.provider}/${model.name}`;
    const failed = outcome.how === "failed";
    try {
      const hold = await tellPool(pool, name, outcome, poolRules(settings));
      const held = hold && `${hold.kind} until ${hold.until}: ${hold.reason}`;
      return { failed, held };
    } catch (error) {
      output.aside(`the pool was not told how ${name} fared: ${explain(error)}`);
      return { failed, held: null };
    }
  };
  return {
    async first() {
      const state = await read();
      const choice = chosen(state, []);
      if (choice === null) throw noneUsable(state, means);
      return modelOf(choice, state, means);
    },
    async next(tried) {
      try {
        const state = await read();
        const choice = chosen(state, tried);
        return choice === null ? null : modelOf(choice, state, means);
      } catch (error) {
        output.aside(`the pool could not be asked for another model: ${explain(error)}`);
        return null;
      }
    },
    heard: (model, call, ending) => {
      const outcome = outcomeOf(call, ending);
      return outcome === null ? Promise.resolve(null) : tell(model, outcome);
    },
    announce: (model) => announce(model, { pool, means, output }),
  };
}

/** What endpoints and keys are found with. */
interface Means {
  settings: Settings;
  /** With the keys of `.env`. */
  environment: NodeJS.ProcessEnv;
}

function chooseReachable(state: PoolState, tried: readonly string[], means: Means): Choice | null {
  const except = [...tried, ...unreachableOf(state, means).keys()];
  return choose(state, { prefer: means.settings.prefer, except }, new Date());
}

function unreachableOf({ listed }: PoolState, { settings, environment }: Means) {
  return unreachable(listed?.models ?? [], settings.providers, environment);
}

async function refreshOrSay(
  pool: PoolFile,
  settings: Settings,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  try {
    told(await refreshPool(pool, settings, output, signal), output);
  } catch (error) {
    if (signal.aborted || (await readPool(pool)).state.listed === null) throw error;
    output.aside(`the list of models is the old one: ${explain(error)}`);
  }
}

function endpointFor(model: string, { settings, environment }: Means): Endpoint {
  const endpoint = endpointOf(model, settings.providers, environment);
  if ("missing" in endpoint) throw new UserError(`${model}: ${endpoint.missing}`);
  return endpoint;
}

/** The chosen model with the key of its own provider, and no other in sight. */
function modelOf({ model }: Choice, { listed }: PoolState, means: Means): Model {
  const { settings, environment } = means;
  const { provider, baseUrl, api, keyVariable } = endpointFor(model, means);
  return chooseModel(
    {
      model,
      baseUrl,
      keyVariable: keyVariable ?? undefined,
      api: api ?? settings.api,
      record: settings.record,
      silenceMs: settings.model_silence * 1000,
      withCost: costsBy(pricesOf(provider, settings.providers[provider]?.prices, listed?.prices)),
    },
    {
      ...proxyVariables(environment),
      ...(keyVariable === null ? {} : { [keyVariable]: environment[keyVariable] }),
    },
  );
}

async function announce(
  { provider, name }: Model,
  { pool, means, output }: { pool: PoolFile; means: Means; output: Output },
): Promise<void> {
  const model = `${provider}/${name}`;
  const { host } = endpointFor(model, means);
  const isSame = (each: { provider: string; host: string }) =>
    each.provider === provider && each.host === host;
  const { state } = await readPool(pool);
  const isFirst = !(state.destinations ?? []).some(isSame);
  output.json({
    type: "model_destination",
    ...{ model, provider, host, free: isFree(state, model), first_use: isFirst },
  });
  if (!isFirst) return output.line(`model ${model}, at ${host}`);
  const text = `WITH ${model} THE PROMPT AND WHAT THE AGENT READS OF THE WORKSPACE GO TO ${provider}, AT ${host}`;
  output.result(paint(["bold", "yellow"], text));
  output.result("This is said once for each provider and host; --model auto was your choice.");
  const at = new Date().toISOString();
  await updatePool(pool, (before) => ({
    ...before,
    destinations: [
      ...(before.destinations ?? []).filter((each) => !isSame(each)),
      { provider, host, at },
    ],
  }));
}

function noneUsable(state: PoolState, means: Means): UserError {
  const now = new Date();
  const missing = unreachableOf(state, means);
  const models = state.listed?.models ?? [];
  const lines = models.slice(0, SHOWN_MODELS).map((model) => {
    const hold = holdOn(state, model, now);
    return `  ${model}: ${missing.get(model) ?? (hold === null ? "usable" : described(hold, now))}`;
  });
  const more = models.length - lines.length;
  return new UserError(
    [
      "no model of the pool is usable:",
      ...lines.map(harmless),
      ...(more > 0 ? [`  and ${more} more`] : []),
    ].join("\n"),
    {
      exitCode: ExitCode.engine,
      hint: "opencode-capture models restore MODEL ends a hold; the setting providers names endpoints",
    },
  );
}
