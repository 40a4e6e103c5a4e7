import * as z from "zod";
import { Bytes, CallId, Coverage, Format, Milliseconds, Time } from "./coverage.js";

const program = {
  argv_truncated: z.boolean().optional().describe("whether arguments are missing at the end"),
  exe: z.string().nullable().describe("the program's path in the room; null where not known"),
};

const Exec = z.looseObject({
  at: Time,
  argv: z.array(z.string()).describe("of this exec"),
  ...program,
});

/** One process of the room, threads left out. What is null was not seen. */
export const ObservedProcess = z.looseObject({
  key: z.string().describe("pid and start time, as <pid>-<start>: pids are reused"),
  pid: z.int().describe("as the host sees it, or the engine where host pids are hidden"),
  room_pid: z.int().nullable().optional().describe("as seen inside the room"),
  parent: z.string().nullable().describe("the parent's key, null where it was not seen"),
  argv: z.array(z.string()).describe("of the last exec; may be forged by the process itself"),
  ...program,
  cwd: z.string().nullable().describe("its folder when it was last looked at"),
  uid: z.int().nullable().describe("whom it ran as"),
  started_at: Time,
  ended_at: Time.nullable().describe("null where it still lived when the room was frozen"),
  exit_code: z.int().nullable().describe("null where it lived on, was killed, or none was seen"),
  signal: z.int().nullable().describe("the number of the signal that killed it"),
  cpu_ms: Milliseconds.nullable().describe("CPU time, as far as it was seen"),
  max_rss_bytes: Bytes.nullable().describe("the most memory that it held, as far as it was seen"),
  call_id: CallId,
  forged_call_id: z
    .string()
    .optional()
    .describe("another call's id, found in its environment against its ancestry"),
  role: z
    .enum(["agent", "descendant", "supervisor"])
    .describe(
      "agent: what was executed in the room; descendant: started by it; supervisor: ours, as the room's own waiting process",
    ),
  execs: z.array(Exec).optional().describe("every exec seen, where there was more than one"),
});
export type ObservedProcess = z.infer<typeof ObservedProcess>;

/** `observations/process_tree.json` */
export const ProcessTree = z.looseObject({
  format: Format,
  coverage: Coverage,
  processes: z.array(ObservedProcess).describe("each process of the room that was seen"),
  omitted: z.int().nonnegative().optional().describe("processes seen and left out by the bound"),
});
export type ProcessTree = z.infer<typeof ProcessTree>;
