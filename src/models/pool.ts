import { readdir, rename, rm } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { errorCode, explain, UserError } from "../errors.js";
import { readJson, UnreadableRecord } from "../record/read.js";
import { writeJson } from "../record/write.js";
import { type Liveness, lock } from "./lock.js";
import { type ModelOutcome, type PoolRules, report } from "./report.js";
import { EMPTY_POOL, type Hold, holdOn, PoolState } from "./state.js";

/** The pool on disk: its state file, and how an owner of its lock is told. */
export interface PoolFile {
  path: string;
  liveness: Liveness;
}

/** The state, and where a broken state file was set aside, if one was. */
export interface PoolReading {
  state: PoolState;
  setAside: string | null;
}

/**
 * Where the state file is: `opencode-capture/models.json` in XDG_STATE_HOME, which the XDG base
 * directory specification has default to ~/.local/state and count only if it is absolute. So it is
 * with HOME: one that names no place gives way to the user's own home.
 */
export function poolPath(environment: NodeJS.ProcessEnv): string {
  const named = environment["XDG_STATE_HOME"] ?? "";
  const home = isAbsolute(homedir()) ? homedir() : userInfo().homedir;
  const state = isAbsolute(named) ? named : join(home, ".local", "state");
  return join(state, "opencode-capture", "models.json");
}

/**
 * The pool as it is; an empty one where there is no file. A file that is no pool is set aside and
 * named. Throws UserError where the file cannot be read.
 */
export async function readPool(file: PoolFile): Promise<PoolReading> {
  try {
    return { state: await read(file.path), setAside: null };
  } catch (error) {
    if (!(error instanceof UnreadableRecord)) throw unusable(file, error);
  }
  return updatePool(file, (state) => state);
}

/**
 * Changes the pool under its lock, and gives what was written. `change` sees the newest state; what
 * it throws leaves the file as it was. A crash at any moment leaves the old file or the new one.
 * Throws UserError where the file cannot be read, written or locked.
 */
export async function updatePool(
  file: PoolFile,
  change: (state: PoolState) => PoolState,
): Promise<PoolReading> {
  try {
    await using _held = await lock(`${file.path}.lock`, file.liveness);
    await removeTorn(file.path);
    const { state: before, setAside } = await readOrSetAside(file.path);
    const state = change(before);
    if (state !== before) await writeJson(file.path, PoolState, state);
    return { state, setAside };
  } catch (error) {
    throw unusable(file, error);
  }
}

/**
 * Tells the pool how a call of a model ended, by its rules. Gives what holds the model because of
 * it, or null. Throws as `updatePool` does.
 */
export async function tellPool(
  file: PoolFile,
  model: string,
  outcome: ModelOutcome,
  rules: PoolRules,
): Promise<Hold | null> {
  const now = new Date();
  const { state } = await updatePool(file, (before) => report(before, model, outcome, rules, now));
  return outcome.how === "failed" ? holdOn(state, model, now) : null;
}

async function read(path: string): Promise<PoolState> {
  try {
    return await readJson(path, PoolState);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return EMPTY_POOL;
    // A link is no broken file, which would be set aside: whoever made it is to know.
    const { cause } = error as { cause?: unknown };
    throw errorCode(cause) === "ELOOP" ? cause : error;
  }
}

async function readOrSetAside(path: string): Promise<PoolReading> {
  try {
    return { state: await read(path), setAside: null };
  } catch (error) {
    if (!(error instanceof UnreadableRecord)) throw error;
    const setAside = `${path}.broken-${new Date().toISOString().replaceAll(/[-:.]/g, "")}`;
    await rename(path, setAside);
    return { state: EMPTY_POOL, setAside };
  }
}

/** What a writer that was killed left: only who holds the lock writes, so each is of a dead one. */
async function removeTorn(path: string): Promise<void> {
  const folder = dirname(path);
  const name = basename(path);
  for (const each of await readdir(folder)) {
    const rest = each.startsWith(`${name}.`) ? each.slice(name.length) : "";
    if (/^\.[0-9a-f]{12}\.tmp$/.test(rest)) await rm(join(folder, each), { force: true });
  }
}

/** A fault of the system is the user's to mend; any other passes as it is. */
function unusable(file: PoolFile, error: unknown): unknown {
  if (error instanceof UserError || errorCode(error) === undefined) return error;
  return new UserError(`the model pool ${file.path} cannot be used: ${explain(error)}`, {
    hint: "mend it, or name another state folder with XDG_STATE_HOME",
    cause: error,
  });
}
