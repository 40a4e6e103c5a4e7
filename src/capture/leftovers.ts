import { resolve } from "node:path";
import type { Engine } from "../sandbox/engine.js";
import { sweepContainers } from "../sandbox/sweep.js";
import { sweepTemporary } from "../sandbox/temporary.js";
import { showForgotten } from "./attempts-kept.js";
import { closeInterrupted } from "./recover.js";

/**
 * Removes what dead supervisors left, closes the run directories that they left open in `captures`,
 * and says each, a line at a time. What belongs to a living run is never touched. Throws the engine's
 * or the system's error; what was said by then is done.
 */
export async function removeLeftovers(
  engine: Engine,
  captures: string,
  say: (line: string) => void,
): Promise<void> {
  const folder = resolve(captures);
  await removeRooms(engine, say);
  for (const path of await sweepTemporary()) say(`removed ${path}, left by a dead run`);
  for (const directory of await closeInterrupted(folder)) say(`closed ${directory} as interrupted`);
  for (const directory of await showForgotten(folder))
    say(`${directory} is an attempt that could not be brought into the one that followed it`);
}

/** Removes the containers alone that dead supervisors left: for what makes a room and no run directory. */
export async function removeRooms(engine: Engine, say: (line: string) => void): Promise<void> {
  for (const { container } of await sweepContainers(engine))
    say(`removed ${container}, left by a dead run`);
}
