import * as z from "zod";
import { Bytes, Coverage, Format, Milliseconds } from "./coverage.js";

/** One look at what the room uses; null: not told. */
export const ResourceSample = z.looseObject({
  at_ms: Milliseconds.describe("since the observation's start"),
  cpu_ms: Milliseconds.nullable().describe("CPU time used by the room since it opened"),
  memory_bytes: Bytes.nullable().describe("held at that moment"),
  read_bytes: Bytes.nullable().describe("from block devices since the room opened"),
  written_bytes: Bytes.nullable().describe("to block devices since the room opened"),
  pids: z.int().nonnegative().nullable().describe("processes and threads at that moment"),
});
export type ResourceSample = z.infer<typeof ResourceSample>;

/** `observations/resources.json` */
export const ResourceUse = z.looseObject({
  format: Format,
  coverage: Coverage,
  limits: z
    .looseObject({
      memory_bytes: Bytes.describe("memory, with no swap beyond it"),
      cpus: z.number().describe("CPUs"),
      pids: z.int().describe("processes and threads"),
    })
    .describe("what the room was allowed"),
  peak: z
    .looseObject({
      memory_bytes: Bytes.nullable().describe("the most that was held"),
      pids: z.int().nullable().describe("the most at once"),
      cpu_ms: Milliseconds.nullable().describe("CPU time in all"),
    })
    .describe(
      "the most of each, between the samples too where the kernel keeps it; null: not told",
    ),
  samples: z.array(ResourceSample).describe("at most 2,000, evenly thinned"),
});
export type ResourceUse = z.infer<typeof ResourceUse>;
