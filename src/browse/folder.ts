import { access, constants, readdir, realpath, stat } from "node:fs/promises";
import { errorCode, systemWords, UserError } from "../errors.js";
import { makeFolder } from "../record/folder.js";

/**
 * The captures folder by its real path; it is made where there is none. Throws UserError where it
 * cannot be made or listed.
 */
export async function findFolder(captures: string): Promise<{ folder: string; isNew: boolean }> {
  try {
    const before = await stat(captures).catch(() => null);
    if (before !== null && !before.isDirectory()) throw new Error("it is a file, and no folder");
    const isNew = await makeFolder(captures);
    const folder = await realpath(captures);
    await access(folder, constants.R_OK | constants.X_OK);
    return { folder, isNew };
  } catch (error) {
    throw new UserError(`the captures in ${captures} cannot be listed: ${systemWords(error)}`, {
      hint: "name another folder with --captures",
      cause: error,
    });
  }
}

/**
 * The folders and links in the captures folder, but hidden ones; none where it is gone, and null where
 * it cannot be read for now.
 */
export async function foldersIn(captures: string): Promise<Set<string> | null> {
  const entries = await readdir(captures, { withFileTypes: true }).catch((error) =>
    errorCode(error) === "ENOENT" ? [] : null,
  );
  if (entries === null) return null;
  const names = new Set<string>();
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory() || entry.isSymbolicLink()) names.add(entry.name);
  }
  return names;
}
