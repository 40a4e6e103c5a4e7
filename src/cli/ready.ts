import { removeLeftovers } from "../capture/leftovers.js";
import type { CaptureRequest } from "../capture/request.js";
import { chooseSensing } from "../capture/sensing.js";
import { ExitCode, errorCode, explain, UserError } from "../errors.js";
import type { Engine } from "../sandbox/engine.js";
import { ensureEngine } from "../sandbox/engine-setup.js";
import { ensureImage, resolveImage } from "../sandbox/image.js";
import type { Settings } from "../settings.js";
import type { Output } from "./output.js";

/** What every capture of a queue stands on. */
export type Ready = Pick<CaptureRequest, "engine" | "image" | "doorImage" | "sensing">;

/**
 * Makes sure of the engine, of nothing left there by dead runs, and of the images; what has to be
 * done for it is told. Throws UserError where one of them cannot be had.
 */
export async function makeReady(
  settings: Settings,
  output: Output,
  signal: AbortSignal,
): Promise<Ready> {
  const say = output.aside;
  const engine = await ensureEngine(say, signal);
  output.detail(`engine: ${engine.name} ${engine.version}`);
  try {
    return await makeReadyOn(engine, settings, say, signal);
  } catch (error) {
    if (signal.aborted || !isEngines(error)) throw error;
    throw new UserError(`the Docker engine answered, and then failed: ${explain(error)}`, {
      hint: "opencode-capture doctor looks at all that a capture needs",
      exitCode: ExitCode.engine,
      cause: error,
    });
  }
}

async function makeReadyOn(
  engine: Engine,
  settings: Settings,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Ready> {
  await removeLeftovers(engine, settings.captures, say);
  // Also where the room has an image of its own: the door comes from ours.
  const { ref, id, opencodeVersion } = await ensureImage(engine, say, signal);
  const sensing = await chooseSensing(engine, settings.sensor, say, signal);
  const image =
    settings.image_ref === undefined
      ? { ref, id, version: opencodeVersion }
      : { ...(await resolveImage(engine, settings.image_ref, say, signal)), version: null };
  return { engine, sensing, image, doorImage: ref };
}

/** Whether an error is the engine's refusal, or of the connection to it; files' errors are neither. */
function isEngines(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isConnecting = "syscall" in error && error.syscall === "connect";
  const isBroken = /^(?:ECONN|EPIPE|ETIMEDOUT|EHOST|ENET)/.test(errorCode(error) ?? "");
  return "statusCode" in error || isConnecting || isBroken;
}
