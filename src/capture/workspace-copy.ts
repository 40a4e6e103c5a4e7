import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  lchownSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
} from "node:fs";
import { copyFile } from "node:fs/promises";
import { explain } from "../errors.js";
import { OPEN_SAFELY } from "../observe/tree-cursor.js";
import type { Facts } from "../observe/tree-facts.js";

/** Who the copy belongs to. */
export interface Owner {
  uid: number;
  gid: number;
}

/** Longer files are copied in another thread, so that this one stays free. */
const LONG_BYTES = 8 * 1024 * 1024;
const COPY_MODE = constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL;

/**
 * Copies one regular file, as a clone where the file system can, with its holes where it has many.
 * Throws where what is there is not (or no longer) a regular file, and the system's errors.
 */
export async function copyRegular(from: Buffer, to: Buffer, facts: Facts): Promise<void> {
  const file = openSync(from, OPEN_SAFELY);
  try {
    if (!fstatSync(file).isFile()) throw new Error("no longer a regular file");
    const source = process.platform === "linux" ? `/proc/self/fd/${file}` : from;
    if (facts.size > LONG_BYTES && facts.allocated < facts.size / 2) await copySparse(file, to);
    else if (facts.size > LONG_BYTES) await copyFile(source, to, COPY_MODE);
    else copyFileSync(source, to, COPY_MODE);
  } finally {
    closeSync(file);
  }
}

/**
 * Node cannot see a file's holes: copying a sparse terabyte byte by byte would write one. `cp` can.
 * It finds our open handles by our process id.
 */
async function copySparse(file: number, to: Buffer): Promise<void> {
  const ours = (path: string) => path.replace(/^\/proc\/self\//, `/proc/${process.pid}/`);
  const target = ours(to.toString("latin1"));
  if (Buffer.from(target, "latin1").some((byte) => byte > 0x7f))
    throw new Error("sparse, with a name that is not ASCII");
  const options = ["--sparse=always", "--reflink=auto", "--no-target-directory", "--"];
  const { execa } = await import("execa");
  await execa("cp", [...options, ours(`/proc/self/fd/${file}`), target], { stdin: "ignore" });
}

/** Makes a symlink with the same target, whatever it points to. */
export function copyLink(to: Buffer, facts: Facts): void {
  symlinkSync(Buffer.from(facts.link ?? "", "latin1"), to);
}

/** Makes a folder that only its owner may use, until its attributes are laid on. */
export function makeFolder(to: Buffer): void {
  mkdirSync(to, 0o700);
}

/**
 * Gives a copy its owner, mode and times, in the order that keeps them. Times are exact to a
 * microsecond, which is all that Node can set.
 */
export function layAttributes(address: Buffer, facts: Facts, owner: Owner | undefined): void {
  if (owner !== undefined) lchownSync(address, owner.uid, owner.gid);
  // A text of digits: Node takes a negative number for the present moment.
  const time = (facts.mtimeNs < 0n ? "-" : "") + secondsOf(facts.mtimeNs);
  if (facts.kind !== "symlink") chmodSync(address, facts.mode);
  lutimesSync(address, time, time);
}

/**
 * In the middle of its microsecond: Node makes a double of it, which is up to 119 ns off, and then cuts
 * what is below a microsecond. A time near the end of one would else become the next.
 */
function secondsOf(ns: bigint): string {
  const absolute = ((ns < 0n ? -ns : ns) / 1_000n) * 1_000n + 500n;
  return `${absolute / 1_000_000_000n}.${(absolute % 1_000_000_000n).toString().padStart(9, "0")}`;
}

/** A sentence on what was left out of the copy. */
export function leftOut(path: string, why: unknown): string {
  const shown = JSON.stringify(Buffer.from(path, "latin1").toString("utf8").slice(0, 200));
  return `${shown}: ${typeof why === "string" ? why : explain(why).slice(0, 100)}`;
}
