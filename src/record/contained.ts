import { lstatSync, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import { attemptFolder, RUN_FOLDERS, RunFile } from "./directory.js";

/** Why a directory is not one to read or write in. */
export class NotContained extends Error {
  override readonly name = "NotContained";
}

const ATTEMPTS = dirname(attemptFolder(1));
const FOLDERS = [
  ...new Set([...RUN_FOLDERS, ...Object.values(RunFile).map((file) => dirname(file))]),
].filter((folder) => folder !== ".");

/**
 * Throws NotContained where a run directory or one of its folders (all that are known, unless named)
 * is a link or no folder, so that no path below leads elsewhere. A folder that is missing is fine.
 * It looks at once: through the thread pool a look takes ten times as long.
 */
export function assertContained(directory: string, folders = FOLDERS): void {
  // An attempt lies two folders below its capture.
  if (basename(dirname(directory)) === ATTEMPTS)
    assertContained(dirname(dirname(directory)), [ATTEMPTS]);
  for (const folder of ["", ...folders]) {
    const stats = look(join(directory, folder));
    if (stats === undefined && folder !== "") continue;
    const name = folder === "" ? "the capture" : `${folder}/`;
    if (stats === undefined) throw new NotContained(`${name} is gone`);
    if (stats.isSymbolicLink()) throw leadsElsewhere(name);
    if (!stats.isDirectory()) throw new NotContained(`${name} is no folder`);
  }
}

/**
 * Throws NotContained where one of a run directory's folders is a link. The directory itself may be
 * one: somebody named it.
 */
export function assertNoLinks(directory: string): void {
  for (const folder of FOLDERS)
    if (look(join(directory, folder))?.isSymbolicLink()) throw leadsElsewhere(`${folder}/`);
}

function leadsElsewhere(name: string): NotContained {
  return new NotContained(`${name} is a symbolic link, which is not followed`);
}

/** What a path itself is, of a link the link; undefined where nothing can be said of it. */
export function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
