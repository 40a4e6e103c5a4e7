import { chooseSensing } from "../capture/sensing.js";
import { ExitCode } from "../errors.js";
import { ensureEngine } from "../sandbox/engine-setup.js";
import { ensureImage } from "../sandbox/image.js";
import type { Output } from "./output.js";

/**
 * `setup`: makes sure of an engine, of the agent's image, and of the kernel sensor's where it can be
 * had. Throws UserError where an engine or the agent's image cannot.
 */
export async function setUp(output: Output, signal: AbortSignal): Promise<ExitCode> {
  const engine = await ensureEngine(output.aside, signal);
  output.line(`engine: ${engine.name} ${engine.version}`);
  const image = await ensureImage(engine, output.aside, signal);
  await chooseSensing(engine, "auto", output.aside, signal);
  output.result(`image: ${image.ref}${image.built ? ", built now" : ""}`);
  output.json({ type: "image", ref: image.ref, id: image.id, built: image.built });
  return ExitCode.ok;
}
