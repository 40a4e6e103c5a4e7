import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { errorCode, systemWords, UserError } from "../errors.js";
import type { Settings } from "../settings.js";

/** The environment as models see it, and the file that a part of it came from. */
export interface Keys {
  environment: NodeJS.ProcessEnv;
  /** The absolute path of `.env` where a key was taken from it; it has no business in a room. */
  file: string | null;
}

/**
 * This process's environment, and the keys of `.env` in the current folder that it lacks: those named
 * `…_API_KEY`, or as the settings name them. Nothing else is taken: the file may be a stranger's, and
 * a variable such as NODE_OPTIONS or HTTPS_PROXY does more than name a key. Throws UserError where
 * the file cannot be read.
 */
export function readKeys({ api_key_env, providers }: Settings): Keys {
  const named = Object.values(providers).map((provider) => provider.api_key_env);
  const wanted = new Set([api_key_env, ...named]);
  const path = resolve(".env");
  const keys = Object.entries(variablesOf(path)).filter(
    ([name, value]) =>
      (name.endsWith("_API_KEY") || wanted.has(name)) && value && process.env[name] === undefined,
  );
  return {
    environment: { ...Object.fromEntries(keys), ...process.env },
    file: keys.length === 0 ? null : path,
  };
}

/** A folder of that name, as Python's virtual environments have it, says nothing. */
function variablesOf(path: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(path, "utf8"));
  } catch (error) {
    if (["ENOENT", "EISDIR", "ENOTDIR"].includes(errorCode(error) ?? "")) return {};
    throw new UserError(`${path}: ${systemWords(error)}`, { hint: "keys are looked for in it" });
  }
}
