import { removeLeftovers } from "../capture/leftovers.js";
import { ExitCode } from "../errors.js";
import { connectEngine } from "../sandbox/engine.js";
import { removeImages } from "../sandbox/image.js";
import type { Settings } from "../settings.js";
import type { Output } from "./output.js";

/**
 * `sweep`: removes what dead runs left, and with `images` what was built here. Throws UserError
 * where no engine answers.
 */
export async function sweep(
  images: boolean,
  settings: Settings,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const engine = await connectEngine(signal);
  const removed: string[] = [];
  const say = (line: string) => {
    removed.push(line);
    output.line(line);
  };
  await removeLeftovers(engine, settings.captures, say);
  if (images) await removeImages(engine, say);
  if (removed.length === 0) output.line("nothing was left behind");
  output.json({ type: "swept", removed });
  return ExitCode.ok;
}
