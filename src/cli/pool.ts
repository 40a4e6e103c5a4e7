import type { ListedProvider } from "../agents/opencode.js";
import { ExitCode, explain, UserError } from "../errors.js";
import { readModelList, relist } from "../models/list.js";
import { type PoolFile, type PoolReading, poolPath, readPool, updatePool } from "../models/pool.js";
import type { Price } from "../models/price.js";
import { allProviders, usualVariable } from "../models/providers.js";
import type { PoolRules } from "../models/report.js";
import { mayLive, self } from "../sandbox/owner.js";
import type { Settings } from "../settings.js";
import { readKeys } from "./key-file.js";
import type { Output } from "./output.js";

/** The pool of this user; two supervisors share it. */
export function userPool(): PoolFile {
  return { path: poolPath(process.env), liveness: { self, mayLive } };
}

/** The pool's rules as the settings have them. */
export function poolRules(settings: Settings): PoolRules {
  return {
    excludeMs: settings.model_exclude_hours * 3_600_000,
    cooldownMs: settings.model_cooldown_minutes * 60_000,
    errorThreshold: settings.model_error_threshold,
  };
}

/** The prices in the pool's list; where it cannot be read that is said, and none is known. */
export async function listedPrices(output: Output): Promise<Record<string, Price> | undefined> {
  try {
    return told(await readPool(userPool()), output).state.listed?.prices;
  } catch (error) {
    output.aside(`prices are not known: ${explain(error)}`);
    return undefined;
  }
}

/**
 * Asks the image's OpenCode for its models and keeps the list in the pool. Throws UserError where
 * the engine, the image or OpenCode do not answer, or name no model: the old list stays.
 */
export async function refreshPool(
  pool: PoolFile,
  settings: Settings,
  output: Output,
  signal: AbortSignal,
): Promise<PoolReading> {
  const { ensureEngine } = await import("../sandbox/engine-setup.js");
  const { ensureImage, resolveImage } = await import("../sandbox/image.js");
  const { askForModels } = await import("../capture/list-models.js");
  const { removeRooms } = await import("../capture/leftovers.js");
  const engine = await ensureEngine(output.aside, signal);
  await removeRooms(engine, output.aside);
  const foreign = settings.image_ref !== undefined;
  const image =
    settings.image_ref === undefined
      ? await ensureImage(engine, output.aside, signal)
      : await resolveImage(engine, settings.image_ref, output.aside, signal);
  const text = await askForModels({
    engine,
    imageId: image.id,
    foreign,
    bin: settings.opencode_bin,
    providers: listedProviders(settings),
    limits: { memoryBytes: settings.memory, cpus: settings.cpus, pids: settings.pids },
    signal,
  });
  const { models, prices, ignored, omitted } = readModelList(text);
  if (models.length === 0) {
    throw new UserError(`${settings.opencode_bin} models named no model`, {
      exitCode: ExitCode.engine,
    });
  }
  if (ignored > 0) output.detail(`${ignored} lines name no model and were passed over`);
  if (omitted > 0) output.aside(`the list was cut: ${omitted} models are left out`);
  return updatePool(pool, (state) =>
    relist(state, { models, prices, from: image.ref }, new Date()),
  );
}

/** OpenCode's own models beyond the free ones are listed only with a key, as OpenCode does itself. */
function listedProviders(settings: Settings): Record<string, ListedProvider> {
  const { providers, api } = settings;
  const { environment } = readKeys(settings);
  const each = Object.entries(allProviders(providers)).map(([name, provider]) => {
    const variable = provider.api_key_env ?? usualVariable(name);
    const hasKey = name !== "opencode" || Boolean(environment[variable]);
    return [name, { api: provider.api ?? api, models: provider.models ?? [], hasKey }];
  });
  return Object.fromEntries(each);
}

/** Says where a broken state file was set aside, if one was. */
export function told(reading: PoolReading, output: Output): PoolReading {
  if (reading.setAside !== null) {
    output.aside(`the pool's state file was broken; it is now ${reading.setAside}`);
  }
  return reading;
}
