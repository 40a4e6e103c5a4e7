import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type CassetteCall, CassetteLine } from "../record/cassette.js";
import { readJsonLines } from "../record/lines.js";

/** A recording, read whole: at most what a recording may hold. */
export interface Cassette {
  calls: CassetteCall[];
  /** The texts of request parts, by their digest. */
  texts: Map<string, string>;
  sha256: string;
  /** Lines that could not be read. */
  badLines: number;
}

/** An answer of 8 MiB may take six times as much in JSON. */
const BOUNDS = { maxLineBytes: 64 * 1024 * 1024, maxBytes: 160 * 1024 * 1024 };

/** Reads a cassette. Throws the system's error where it cannot be opened. */
export async function readCassette(path: string): Promise<Cassette> {
  const { lines, bad_lines } = await readJsonLines(path, CassetteLine, BOUNDS);
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { end: BOUNDS.maxBytes })) hash.update(chunk);
  return {
    calls: lines.filter((line) => line.kind === "call").sort((a, b) => a.seq - b.seq),
    texts: new Map(
      lines.flatMap((line) => (line.kind === "part" ? [[line.sha256, line.text]] : [])),
    ),
    sha256: hash.digest("hex"),
    badLines: bad_lines,
  };
}
