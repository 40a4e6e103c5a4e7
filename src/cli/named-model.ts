import { chooseModel, type Model } from "../capture/model.js";
import { UserError } from "../errors.js";
import { costsBy, pricesOf } from "../models/price.js";
import { partsOf } from "../models/providers.js";
import type { Settings } from "../settings.js";
import type { Output } from "./output.js";
import { listedPrices } from "./pool.js";

/** The word that leaves the choice to the pool. */
const AUTO = "auto";

/**
 * The model that the settings name, its key taken from `environment`; null where they leave the
 * choice to the pool. Throws UserError where they name none that can be asked, or one endpoint
 * beside `auto`.
 */
export async function namedModel(
  settings: Settings,
  environment: NodeJS.ProcessEnv,
  output: Output,
): Promise<Model | null> {
  const { base_url, api_key_env, api, record, providers } = settings;
  if (settings.model === AUTO) {
    refuseEndpoint("--base-url", base_url);
    refuseEndpoint("--api-key-env", api_key_env);
    return null;
  }
  const named = base_url === undefined ? providers[partsOf(settings.model).provider] : undefined;
  return chooseModel(
    {
      model: settings.model,
      baseUrl: base_url ?? named?.base_url,
      keyVariable: api_key_env ?? named?.api_key_env,
      api: named?.api ?? api,
      record,
      silenceMs: settings.model_silence * 1000,
      withCost: await costsOf(settings, output),
    },
    environment,
  );
}

function refuseEndpoint(flag: string, value: string | undefined): void {
  if (value === undefined) return;
  throw new UserError(`${flag} names one endpoint, and --model auto chooses among many`, {
    hint: "name each provider's endpoint and key with the setting providers",
  });
}

/** Costs by the prices in the settings and the pool's list, which the scripted model has none of. */
async function costsOf({ model, providers }: Settings, output: Output): Promise<Model["withCost"]> {
  if (/^scripted(:|$)/.test(model)) return (call) => call;
  const { provider } = partsOf(model);
  return costsBy(pricesOf(provider, providers[provider]?.prices, await listedPrices(output)));
}
