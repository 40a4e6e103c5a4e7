import type { Dirent } from "node:fs";
import { type FileHandle, readdir, readlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Pack, pack } from "tar-stream";
import { RunFile } from "../record/directory.js";
import { openRegular } from "../record/read.js";

const MAX_ENTRIES = 500_000;
/** So many that were left out are named, the others counted. */
const MAX_NAMED = 10_000;
/** The room has these as mounts of its own, in which the agent may write. */
const AGENTS_FOLDERS: readonly string[] = [dirname(RunFile.events), RunFile.workspace];

/** What is packed, and whether it goes on: then its agent may put a link in a folder's place. */
interface Packed {
  directory: string;
  goesOn: boolean;
}

/**
 * A capture as a tar.gz, under the given name. Links are packed as links and never followed. What is
 * neither file, folder nor link is left out, and so is what cannot be opened and, while the capture
 * goes on, each folder that its agent may have made: `left-out.txt` names them. The stream fails where
 * a file cannot be read to its end.
 */
export function archive(packed: Packed, name: string, signal: AbortSignal): Readable {
  const tar = pack();
  const gzip = createGzip();
  void fill(tar, packed, name, signal).catch((error) => tar.destroy(error));
  void pipeline(tar, gzip, { signal }).catch((error) => gzip.destroy(error));
  return gzip;
}

async function fill(tar: Pack, { directory, goesOn }: Packed, name: string, signal: AbortSignal) {
  const leftOut: string[] = [];
  let [entries, omitted] = [0, 0];
  const leaveOut = (inside: string, why: string) => {
    if (leftOut.length < MAX_NAMED) leftOut.push(`${inside}: ${why}`);
    else omitted += 1;
  };
  const folders = [""];
  /** Packs one entry; gives why it did not. */
  const add = async (inside: string, each: Dirent): Promise<string | null> => {
    const path = join(directory, inside);
    if (entries > MAX_ENTRIES) return "past the bound";
    if (each.isDirectory()) {
      if (goesOn && AGENTS_FOLDERS.includes(dirname(inside)))
        return "its agent may still change it";
      folders.push(inside);
      return null;
    }
    if (each.isSymbolicLink()) {
      const linkname = await readlink(path).catch(() => null);
      if (linkname === null) return "cannot be read";
      await addText(tar, { name: `${name}/${inside}`, type: "symlink", linkname });
      return null;
    }
    if (!each.isFile()) return "neither file, folder nor link";
    const file = await openRegular(path).catch(() => null);
    if (file === null) return "cannot be opened";
    await addFile(tar, file, `${name}/${inside}`, signal);
    return null;
  };
  for (const folder of folders) {
    signal.throwIfAborted();
    await addText(tar, { name: `${name}/${folder}`, type: "directory", mode: 0o755 });
    const found = await readdir(join(directory, folder), { withFileTypes: true }).catch(() => null);
    if (found === null) leaveOut(`${folder}/`, "cannot be opened");
    for (const each of found ?? []) {
      entries += 1;
      const inside = join(folder, each.name);
      const why = await add(inside, each);
      if (why !== null) leaveOut(inside, why);
    }
  }
  if (omitted > 0) leftOut.push(`and ${omitted} more`);
  if (leftOut.length > 0)
    await addText(tar, { name: `${name}/left-out.txt` }, `${leftOut.join("\n")}\n`);
  tar.finalize();
}

/** Packs a file that is open, as far as it was when it was opened, and closes it. */
async function addFile(tar: Pack, file: FileHandle, name: string, signal: AbortSignal) {
  try {
    const { mode, mtime, size } = await file.stat();
    const entry = tar.entry({ name, size, mode: mode & 0o777, mtime });
    const content =
      size === 0 ? Readable.from([]) : file.createReadStream({ end: size - 1, autoClose: false });
    await pipeline(content, entry, { signal });
  } finally {
    await file.close();
  }
}

function addText(tar: Pack, header: Parameters<Pack["entry"]>[0], text = ""): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry(header, text, (error) => (error ? reject(error) : resolve()));
  });
}
