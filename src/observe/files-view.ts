import { existsSync } from "node:fs";
import type { Layers, Room } from "../sandbox/room.js";
import type { Baseline } from "./files-baseline.js";
import type { Known } from "./files-content.js";
import { mountsOf } from "./files-mounts.js";
import { knownPlanted, type PlantedFile } from "./files-planted.js";
import type { ComparedTree } from "./files-workspace.js";
import type { BytePath } from "./tree-cursor.js";

/** One row of what the engine says has changed: kinds 0 changed, 1 added, 2 deleted. */
export interface EngineChange {
  Path: string;
  Kind: number;
}

/** Where the room's file system can be read, outside the workspace. */
export interface SystemView {
  /** The room's writable layer and those below it, or null where they cannot be read. */
  readonly layers: Layers | null;
  /** The room's root as its processes see it, where this host can read it: shows emptied folders. */
  readonly merged: string | null;
  /** Asked where there are no layers. */
  readonly engineChanges: () => Promise<EngineChange[]>;
  /** Folders of this host that the room has in its tree: they are in no layer. */
  readonly places: readonly ComparedTree[];
  /** Trees of the room in memory, which are in no layer either. */
  readonly memory: readonly ComparedTree[];
  /** What was laid into the room before the run, by its path below the root. */
  readonly planted?: ReadonlyMap<BytePath, Known>;
  /** Absolute paths in the room that are not looked at, with all below them. */
  readonly ignore: readonly BytePath[];
}

/** A room, and what of it is no change of the agent's. */
export interface SystemRequest {
  readonly room: Pick<Room, "layers" | "hostPid" | "changes">;
  /** Other folders of this host that the room could write to; baseline null where they were empty. */
  readonly places?: readonly { root: string; shown: string; baseline: Baseline | null }[];
  /** What was laid into the room before the agent started: unchanged, it is no change. */
  readonly planted?: readonly PlantedFile[];
  /** Absolute paths in the room to leave out; where things are mounted is left out anyway. */
  readonly ignore?: readonly string[];
}

/** What the engine itself lays into every room. */
const ENGINES_OWN = [
  "/.dockerenv",
  "/dev",
  "/etc/hostname",
  "/etc/hosts",
  "/etc/mtab",
  "/etc/resolv.conf",
  "/proc",
  "/run/.containerenv",
  "/sys",
];

/** Where the room's file system outside the workspace is, as far as this host can reach it. */
export function systemView({
  room,
  places = [],
  planted = [],
  ignore = [],
}: SystemRequest): SystemView {
  const mounts = room.hostPid === null ? null : mountsOf(room.hostPid);
  const root = `/proc/${room.hostPid}/root`;
  const merged = room.hostPid !== null && existsSync(root) ? root : null;
  const asBytes = (path: string) => Buffer.from(path).toString("latin1");
  const points = [...(mounts?.points ?? []), ...places.map(({ shown }) => asBytes(shown))];
  const foreign = new Set([...points, ...ignore.map(asBytes)]);
  const isForeign = (shown: string) => foreign.has(shown);
  const inLayer = planted.filter(
    ({ path }) => !places.some(({ shown }) => path.startsWith(`${shown}/`)),
  );
  return {
    layers: room.layers,
    merged,
    engineChanges: () => room.changes(),
    ignore: [...ENGINES_OWN, ...points, ...ignore.map(asBytes)],
    planted: new Map(inLayer.map((file) => [asBytes(file.path.slice(1)), knownPlanted(file)])),
    places: places.map(({ root, shown, baseline }) => ({
      root,
      baseline,
      original: null,
      planted: new Map(
        planted.flatMap(({ path, contents }) =>
          contents === null ? [] : [[path.slice(shown.length + 1), contents] as const],
        ),
      ),
      shownBelow: `${asBytes(shown)}/`,
      isForeign,
    })),
    memory: (merged === null ? [] : (mounts?.memory ?? []))
      .filter((point) => !ignore.includes(point))
      .map((point) => ({
        root: `${merged}${Buffer.from(point, "latin1").toString()}`,
        baseline: null,
        original: null,
        shownBelow: `${point}/`,
        isForeign,
      })),
  };
}
