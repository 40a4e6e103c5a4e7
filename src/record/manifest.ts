import * as z from "zod";
import { Bytes, Format, Time } from "./coverage.js";

/** `meta/manifest.json`: what every file of a sealed run directory held, but itself and report/. */
export const Manifest = z.looseObject({
  format: Format,
  sealed_at: Time,
  files: z
    .record(
      z.string().describe("relative to the run directory"),
      z.looseObject({ sha256: z.string().describe("in hex"), size_bytes: Bytes }),
    )
    .describe("sha256 and size of each file, by its path in the run directory"),
});
export type Manifest = z.infer<typeof Manifest>;
