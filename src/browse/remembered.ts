import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import * as z from "zod";
import { readJson } from "../record/read.js";
import { writeWhole } from "../record/write.js";
import { COLUMNS, packed, type Row, unpacked } from "./row.js";

/** A row and what it was made from: the same stamp later means that nothing has changed. */
export interface StampedRow {
  row: Row;
  stamp: string;
}

/** Raised where the same directory gives another row than before. */
const MEANING = 2;
const MAX_ROWS = 200_000;

const Memory = z.object({
  meaning: z.literal(MEANING),
  folder: z.string(),
  columns: z.array(z.string()).refine((columns) => columns.join() === COLUMNS.join()),
  rows: z.array(z.unknown()).max(MAX_ROWS),
});

/**
 * Where the rows of a captures folder are remembered: in XDG_CACHE_HOME, which the XDG base
 * directory specification has default to ~/.cache and count only if it is absolute.
 */
export function memoryOf(folder: string, environment: NodeJS.ProcessEnv): string {
  const named = environment["XDG_CACHE_HOME"] ?? "";
  const cache = isAbsolute(named) ? named : join(homedir(), ".cache");
  const name = createHash("sha256").update(folder).digest("hex").slice(0, 32);
  return join(cache, "opencode-capture", "browse", `${name}.json`);
}

/** What is remembered of a captures folder from one start to the next. */
export interface RowMemory {
  /**
   * The rows by id; none where the file is missing, broken, of another folder or of another version.
   * Each is to be checked against its stamp. Never throws.
   */
  recall(): Promise<Map<string, StampedRow>>;
  /** Remembers those that do not change by themselves. Where it cannot, the next start reads all. */
  keep(rows: Iterable<StampedRow>): Promise<void>;
}

/** The memory in the file at `path`; null: none. */
export function rowMemory(path: string | null, folder: string): RowMemory {
  return {
    recall: async () => (path === null ? new Map() : recall(path, folder)),
    keep: async (rows) => (path === null ? undefined : keep(path, folder, rows).catch(() => {})),
  };
}

/** The file is its user's own: of ten thousand rows no more is checked than that they are such. */
async function recall(path: string, folder: string): Promise<Map<string, StampedRow>> {
  const rows = new Map<string, StampedRow>();
  try {
    const memory = await readJson(path, Memory);
    if (memory.folder !== folder) return rows;
    for (const one of memory.rows) {
      const row = stampedRow(one);
      rows.set(row.row.id, row);
    }
    return rows;
  } catch {
    // What cannot be recalled is read again from the directories.
    return new Map();
  }
}

function stampedRow(remembered: unknown): StampedRow {
  const [stamp, values] = remembered as [unknown, unknown];
  if (typeof stamp !== "string" || !Array.isArray(values) || values.length !== COLUMNS.length)
    throw new TypeError("no row");
  const row = unpacked(values);
  if (typeof row.id !== "string" || !isLasting(row) || !Array.isArray(row.attempts))
    throw new TypeError("no row");
  return { row, stamp };
}

/** Whether a row stays as it is for as long as its files do. */
export function isLasting({ state }: Row): boolean {
  return state === "sealed" || state === "broken";
}

async function keep(path: string, folder: string, rows: Iterable<StampedRow>): Promise<void> {
  const lasting = [...rows].filter(({ row }) => isLasting(row));
  const memory: z.input<typeof Memory> = {
    ...{ meaning: MEANING, folder, columns: COLUMNS },
    rows: lasting.slice(0, MAX_ROWS).map(({ row, stamp }) => [stamp, packed(row)]),
  };
  await writeWhole(path, JSON.stringify(memory));
}
