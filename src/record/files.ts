import * as z from "zod";
import { CanaryTrace } from "./canaries.js";
import { Bytes, CallId, Coverage, Format, ProcessKey, Time } from "./coverage.js";

const Count = z.int().nonnegative();

/** What an entry of a folder is. */
export const FileKind = z.enum([
  "file",
  "dir",
  "symlink",
  "fifo",
  "socket",
  "char_device",
  "block_device",
  "unknown",
]);
export type FileKind = z.infer<typeof FileKind>;

/** What became of a path between the two snapshots; of a change of contents and mode the former. */
export const ChangeKind = z.enum([
  "added",
  "modified",
  "deleted",
  "type_changed",
  "mode_changed",
  "renamed",
]);
export type ChangeKind = z.infer<typeof ChangeKind>;

const Side = z.looseObject({
  size_bytes: Bytes.nullable().describe("of a regular file"),
  mode: z.string().nullable().describe("octal permission bits, as 0644"),
  sha256: z.string().nullable().describe("null for what is no regular file or was too large"),
});

/** One path that is not as it was before the run. */
export const FileChange = z.looseObject({
  path: z.string().describe("relative to the workspace, or absolute in the room for system"),
  path_bytes: z.string().optional().describe("the name in base64, where it is not UTF-8"),
  change: ChangeKind.describe(
    "what became of it; modified: its contents are others; mode_changed: its mode alone is",
  ),
  from: z.string().optional().describe("the old path, for renamed"),
  kind: FileKind.describe("after the run; before it for deleted"),
  kind_before: FileKind.optional().describe("for type_changed"),
  before: Side.nullable().describe("null for added, and where it is not known"),
  after: Side.nullable().describe("null for deleted, and where it is not known"),
  allocated_bytes: Bytes.optional().describe("disk blocks held, where far fewer than the size"),
  link_target: z.string().optional().describe("of a symlink after the run, never followed"),
  link_target_before: z.string().optional().describe("the same, before the run"),
  binary: z
    .boolean()
    .optional()
    .describe("whether its contents are no text, so that there is no patch"),
  patch: z.string().optional().describe("unified diff text"),
  patch_truncated: z.boolean().optional().describe("whether the patch was cut at its bound"),
  patch_omitted: z.string().optional().describe("why there is no patch"),
  transient: z
    .boolean()
    .optional()
    .describe("made and deleted again within the run: neither snapshot holds it"),
  canaries: z
    .array(CanaryTrace)
    .optional()
    .describe("canaries of the run that the file holds afterwards, in its own place or elsewhere"),
  written_by: z.array(ProcessKey).describe("keys of the processes that wrote it; empty: not known"),
  call_id: CallId,
});
export type FileChange = z.infer<typeof FileChange>;

/** A file of a place where credentials are kept, that was read; folded by process and kind. */
export const FileRead = z.looseObject({
  path: z.string().describe("absolute in the room"),
  how: z
    .enum(["opened", "linked", "moved", "denied", "access_time"])
    .describe(
      "opened: for reading; linked, moved: given another name, under which it may be read; denied: reading was not permitted; access_time: the time that the file keeps of it, which names no process",
    ),
  at: Time.describe("the first time"),
  count: z.int().positive().describe("how often; for access_time the first alone is known"),
  process: ProcessKey.nullable().describe("the reader's process key; null: not known"),
  call_id: CallId,
});
export type FileRead = z.infer<typeof FileRead>;

/** `observations/fs_diff.json` */
export const FsDiff = z.looseObject({
  format: Format,
  coverage: Coverage,
  workspace: z.array(FileChange).describe("in the agent's copy of the workspace"),
  system: z.array(FileChange).describe("outside the workspace: home, /tmp, /etc and the rest"),
  reads: z
    .array(FileRead)
    .optional()
    .describe("files at usual places of credentials that were read; absent where this is not seen"),
  reads_omitted: Count.optional().describe("of these, left out by the bound"),
  totals: z
    .looseObject({
      workspace: z
        .record(ChangeKind, Count)
        .describe("changes of each kind, without those left out"),
      system: z.record(ChangeKind, Count).describe("the same, outside the workspace"),
      lines_added: Count.describe("by the patches that are here"),
      lines_removed: Count.describe("by the patches that are here"),
      omitted: Count.describe("changes seen and left out by the bound"),
    })
    .describe("sums"),
});
export type FsDiff = z.infer<typeof FsDiff>;
