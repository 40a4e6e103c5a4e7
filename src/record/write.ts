import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { z } from "zod";
import { check } from "./check.js";
import { FORMAT } from "./coverage.js";
import { attemptFolder, RunFile } from "./directory.js";
import { Manifest } from "./manifest.js";
import { toJson } from "./nesting.js";

/**
 * Writes a file whole or not at all: to a temporary name in the same folder, synced, renamed, and
 * the folder synced. Makes the folder where it is missing. Throws the system's error.
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Validates a value against its schema and writes it whole as JSON. Throws on either fault. */
export async function writeJson<T extends z.ZodType>(
  path: string,
  schema: T,
  value: z.input<T>,
): Promise<void> {
  const checked = check(schema, value);
  if (!checked.success) throw checked.error;
  await writeWhole(path, `${toJson(checked.data, 1)}\n`);
}

/** What the seal covers: all but what is made again from the rest, and what is kept only by choice. */
const SEALED: RunFile[] = Object.values(RunFile).filter(
  (file) =>
    ![RunFile.manifest, RunFile.summary, RunFile.report, RunFile.workspace].some(
      (unsealed) => unsealed === file,
    ),
);

/**
 * Writes `meta/manifest.json`: sha256 and size of each file of the format that is there and regular,
 * those of earlier attempts with their manifests among them. What the agent may have laid beside
 * them in `events/` is not the record's.
 */
export async function writeManifest(directory: string): Promise<void> {
  const files: Manifest["files"] = {};
  const kept = (await attemptsIn(directory)).map(attemptFolder);
  const earlier = kept.flatMap((folder) =>
    [...SEALED, RunFile.manifest].map((file) => join(folder, file)),
  );
  for (const name of [...SEALED, ...earlier]) {
    const stats = await lstat(join(directory, name)).catch(() => null);
    if (stats?.isFile())
      files[name] = { sha256: await sha256(join(directory, name)), size_bytes: stats.size };
  }
  await writeJson(join(directory, RunFile.manifest), Manifest, {
    format: FORMAT,
    sealed_at: new Date().toISOString(),
    files,
  });
}

/** The numbers of the attempts that a run directory holds, in order. */
async function attemptsIn(directory: string): Promise<number[]> {
  const names = await readdir(join(directory, "attempts")).catch(() => []);
  return names
    .filter((name) => /^[1-9]\d?$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
