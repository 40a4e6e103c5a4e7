import type { z } from "zod";
import { explain } from "../errors.js";
import { observeFiles } from "../observe/files.js";
import type { SystemRequest } from "../observe/files-view.js";
import type { KernelWatch } from "../observe/kernel.js";
import type { NetworkWatch } from "../observe/network.js";
import type { ProcessWatch } from "../observe/process-watch.js";
import type { ResourceWatch } from "../observe/resources.js";
import { RunFile, runFile } from "../record/directory.js";
import { FsDiff } from "../record/files.js";
import { NetworkObservation } from "../record/network.js";
import { ProcessTree } from "../record/processes.js";
import { ResourceUse } from "../record/resources.js";
import { writeJson } from "../record/write.js";
import type { Room } from "../sandbox/room.js";
import { type Layout, ROOM } from "./layout.js";
import type { Observations, Run } from "./run.js";

/** An open room and what watches it. */
export interface Watched {
  room: Room;
  /** The kernel sensor's watch, or why there is none. */
  kernel: KernelWatch | { reason: string };
  processes: ProcessWatch;
  network: NetworkWatch;
  resources: ResourceWatch;
}

/**
 * Stops the room in place, so that nothing moves while it is measured. False where that failed, which
 * is in the record then: what runs in it may write to the run directory yet.
 */
export async function freeze(run: Run, room: Room): Promise<boolean> {
  try {
    await room.freeze();
    return true;
  } catch (error) {
    await run.problem(`the room was not frozen: ${explain(error)}`);
    return false;
  }
}

/**
 * Ends the observers of a room that was frozen, or could not be, and compares its files. `onWatched` is
 * called when nothing but the room itself is needed any more.
 */
export async function observe(
  watched: Watched,
  layout: Layout,
  onWatched: () => void,
): Promise<Observations> {
  const { room, kernel, processes, network, resources } = watched;
  const watches = Promise.all([
    processes.stop().catch(toError),
    network.stop().catch(toError),
    resources.stop().catch(toError),
  ]);
  // What is not needed any more is removed by the engine while the files are compared.
  watches.then(onWatched);
  const { workspace, injection, baseline, canaries } = layout;
  const diff = await fetchBack(room, layout)
    .then((carried) =>
      observeFiles({
        ...outsideWorkspace(room, layout),
        carried,
        workspace: {
          root: workspace.path,
          baseline,
          original: {
            root: workspace.source,
            baseline: workspace.baseline,
            injected: injection.contents,
          },
        },
        seeker: canaries.seeker,
      }),
    )
    .then((seen) => ("reason" in kernel ? seen : kernel.nameWriters(seen, ROOM.workspace)))
    .catch(toError);
  const [tree, sockets, use] = await watches;
  const sensor = "reason" in kernel ? { ok: false, reason: kernel.reason } : await kernel.state();
  return { processes: tree, network: sockets, resources: use, files: diff, kernel: sensor };
}

/** Where the room's files outside the workspace are, and what of them is no change of the agent's. */
export function outsideWorkspace(room: Room, { home, canaries }: Layout): SystemRequest {
  return {
    room,
    places: home === null ? [] : [{ root: home.path, shown: ROOM.home, baseline: home.baseline }],
    planted: canaries.files(),
    ignore: [ROOM.workspace, ROOM.events],
  };
}

/** What of the room's files could not be brought to this host; undefined where they are there anyway. */
async function fetchBack(room: Room, { home }: Layout): Promise<string[] | undefined> {
  const inside = await room.fetch(ROOM.workspace);
  const beside = home === null ? [] : await room.fetch(ROOM.home);
  return inside === null ? undefined : [...inside, ...(beside ?? [])];
}

/**
 * Writes what was seen: where the disk is nearly full, after the room and the workspace are gone, as
 * there is space again. What cannot be written is named in the record, and the others are written.
 * Gives a sentence for each that could not be.
 */
export async function writeObservations(run: Run, seen: Observations): Promise<string[]> {
  const unwritten: string[] = [];
  const write = async <T extends z.ZodType>(
    name: Exclude<keyof Observations, "kernel">,
    file: RunFile,
    schema: T,
    observation: z.input<T> | Error,
  ) => {
    try {
      if (observation instanceof Error) throw observation;
      await writeJson(runFile(run.directory, file), schema, observation);
      const { error } = (observation as FsDiff).coverage;
      return [name, error === undefined ? { ok: true } : { ok: false, reason: error }] as const;
    } catch (error) {
      unwritten.push(`${file}: ${explain(error)}`);
      await run.log.note(`problem: ${file}: ${explain(error)}`);
      return [name, { ok: false, reason: explain(error) }] as const;
    }
  };
  const written = await Promise.all([
    write("processes", RunFile.processes, ProcessTree, seen.processes),
    write("network", RunFile.network, NetworkObservation, seen.network),
    write("resources", RunFile.resources, ResourceUse, seen.resources),
    write("files", RunFile.files, FsDiff, seen.files),
  ]);
  await run.open.save({ observers: { kernel: seen.kernel, ...Object.fromEntries(written) } });
  return unwritten;
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
