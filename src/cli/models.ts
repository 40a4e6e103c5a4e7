import { ExitCode, UserError } from "../errors.js";
import { type PoolReading, readPool, updatePool } from "../models/pool.js";
import { unreachable } from "../models/providers.js";
import { exclude, restore } from "../models/report.js";
import { ModelId, type PoolState } from "../models/state.js";
import type { Settings } from "../settings.js";
import { readKeys } from "./key-file.js";
import type { ModelAction } from "./model-actions.js";
import { showList, showStatus } from "./model-views.js";
import { harmless, type Output } from "./output.js";
import { poolRules, refreshPool, told, userPool } from "./pool.js";

/** What `models` is asked for, as typed. */
interface Asked {
  action: ModelAction;
  /** `provider/name`, or the word that an action takes in its place. */
  model: string | undefined;
  reason: string | undefined;
}

/** `models`: shows or changes the pool. Throws UserError where the words do not fit the action. */
export async function manageModels(
  asked: Asked,
  settings: Settings,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const pool = userPool();
  const { action } = asked;
  checkWords(asked);
  if (action === "list" || action === "status") {
    const reading = await readPool(pool);
    const models = reading.state.listed?.models ?? [];
    const missing = unreachable(models, settings.providers, readKeys(settings).environment);
    const view = { ...told(reading, output), file: pool.path, now: new Date(), missing };
    if (action === "list") showList(view, output);
    else showStatus(view, settings.prefer, output);
    return ExitCode.ok;
  }
  if (action === "refresh") {
    const before = (await readPool(pool)).state.listed?.models ?? [];
    const reading = told(await refreshPool(pool, settings, output, signal), output);
    const models = reading.state.listed?.models ?? [];
    const added = models.filter((model) => !before.includes(model));
    const gone = before.filter((model) => !models.includes(model));
    output.result(`${models.length} models, ${added.length} of them new, ${gone.length} gone`);
    output.json({
      type: "models_refreshed",
      total: models.length,
      added,
      gone,
      ...setAside(reading),
    });
    return ExitCode.ok;
  }
  const reading = told(await updatePool(pool, (state) => changed(state, asked, settings)), output);
  const { preferred, holds } = reading.state;
  output.result(sentence(action, asked.model ?? "", reading.state));
  output.json({ type: "models_changed", action, preferred, holds, ...setAside(reading) });
  return ExitCode.ok;
}

function changed(
  state: PoolState,
  { action, model = "", reason }: Asked,
  settings: Settings,
): PoolState {
  if (action === "restore") return restore(state, model === "all" ? null : model);
  if (action === "use" && model === "none") return { ...state, preferred: null };
  if (!state.listed?.models.includes(model)) {
    const hint =
      state.listed === null ? "opencode-capture models refresh" : "opencode-capture models";
    throw new UserError(`${model} is not in the list of models`, { hint: `${hint} shows them` });
  }
  if (action === "use") return { ...state, preferred: model };
  const why = { reason: reason ?? "excluded by the user", ms: poolRules(settings).excludeMs };
  return exclude(state, model, why, new Date());
}

/** What an action takes in a model's place. */
const WORDS: Partial<Record<ModelAction, string>> = { use: "none", restore: "all" };

function checkWords({ action, model, reason }: Asked): void {
  if (reason !== undefined && action !== "exclude")
    throw new UserError("--reason goes with exclude");
  const word = WORDS[action];
  if (action === "list" || action === "refresh" || action === "status") {
    if (model !== undefined) throw new UserError(`models ${action} takes no model`);
  } else if (model === undefined) {
    throw new UserError(
      `models ${action} needs a model${word === undefined ? "" : `, or ${word}`}`,
    );
  } else if (model !== word && !ModelId.safeParse(model).success) {
    const also = word === undefined ? "" : ` or ${word}`;
    throw new UserError(
      `models ${action}: expected provider/name${also}, got "${harmless(model)}"`,
    );
  }
}

function sentence(action: ModelAction, model: string, state: PoolState): string {
  if (action === "use") return model === "none" ? "no model is preferred" : `${model} is preferred`;
  if (action === "restore") return model === "all" ? "nothing is held" : `nothing holds ${model}`;
  const until = state.holds.find((hold) => hold.model === model)?.until ?? "";
  return `${model} is excluded until ${until}`;
}

function setAside({ setAside: file }: PoolReading): object {
  return file === null ? {} : { set_aside: file };
}
