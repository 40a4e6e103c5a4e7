import { chown, lutimes, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CanarySet, makeCanaries } from "../canaries/make.js";
import { type Seeker, seekerOf } from "../canaries/seek.js";
import { explain } from "../errors.js";
import type { PlantedFile } from "../observe/files.js";
import { Canaries } from "../record/canaries.js";
import { FORMAT } from "../record/coverage.js";
import { RunFile, runFile } from "../record/directory.js";
import { writeJson } from "../record/write.js";
import type { LaidFile, LayRequest } from "../sandbox/lay.js";
import type { Run } from "./run.js";

/** A run's canaries, made and yet to be planted. */
export interface RunCanaries {
  readonly seeker: Seeker;
  /** Variables for the agent; none before they are planted, as with the files. */
  environment(): Record<string, string>;
  /** What the room's files hold of them. */
  files(): readonly PlantedFile[];
  /** Puts them where they belong, and writes what they are. Never throws: a failure is the run's problem. */
  plant(run: Run, place: LayInto | { folder: string }): Promise<void>;
}

/** Lays files into a room, which has no other way to its home. */
type LayInto = (request: LayRequest) => Promise<void>;

const NONE: RunCanaries = {
  ...{ seeker: seekerOf([]), environment: () => ({}), files: () => [] },
  plant: async () => {},
};

/** Credentials that somebody put away and forgot. */
const AGE_MS = 40 * 24 * 60 * 60_000;

/** The canaries of one run for a home in its room; where they are not wanted, none. */
export function runCanaries(wanted: boolean, home: string): RunCanaries {
  if (!wanted) return NONE;
  const set = makeCanaries(home);
  // Whole seconds, as archives have them.
  const mtime = new Date(Math.floor((Date.now() - AGE_MS) / 1000) * 1000);
  const files = set.files.map(
    ({ path, mode, text }): LaidFile => ({
      ...{ path, mode, contents: text === null ? null : Buffer.from(text) },
    }),
  );
  const inRoom = files.map((file) => ({ ...file, path: `${home}/${file.path}`, mtime }));
  let planted = false;
  return {
    seeker: seekerOf(set.canaries),
    environment: () => (planted ? set.environment : {}),
    files: () => (planted ? inRoom : []),
    plant: async (run, place) => {
      // What was planted in a room that then could not be opened is gone with it.
      planted = false;
      try {
        if ("folder" in place) await layOnHost(place.folder, files, run.user, mtime);
        else await place({ folder: home, files, owner: run.user, mtime });
        planted = true;
        await writeCanaries(run, set);
      } catch (error) {
        await run.problem(`canaries were not planted, or not written down: ${explain(error)}`);
      }
    },
  };
}

async function writeCanaries({ directory }: Run, { canaries }: CanarySet): Promise<void> {
  await writeJson(runFile(directory, RunFile.canaries), Canaries, { format: FORMAT, canaries });
}

/** The same on this host, for a home that is mounted into the room. */
async function layOnHost(
  folder: string,
  files: readonly LaidFile[],
  owner: Run["user"],
  mtime: Date,
): Promise<void> {
  for (const { path, mode, contents } of files) {
    const target = join(folder, path);
    if (contents === null) await mkdir(target, { mode });
    else await writeFile(target, contents, { mode, flag: "wx" });
    if (process.getuid?.() === 0) await chown(target, owner.uid, owner.gid);
  }
  for (const { path } of files) await lutimes(join(folder, path), mtime, mtime);
}
