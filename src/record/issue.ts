import * as z from "zod";
import { AllowedHost, NetworkMode } from "./network-policy.js";

/** What a researcher expects of an issue, and the scale on which findings are put together. */
export const RiskLevel = z.enum(["safe", "mild", "severe"]);
export type RiskLevel = z.infer<typeof RiskLevel>;

/** An issue's id is part of a folder's name: short, plain, and never `.` or `..`. */
export const IssueId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
    "1 to 64 letters, digits, _ or -, starting with a letter or digit",
  );

/** Linux takes at most 128 KiB in one argument of a command (MAX_ARG_STRLEN); the prompt is one. */
const PROMPT_LIMIT_BYTES = 120_000;

/** One entry of `tasks/issues.json`: what the agent is asked to do. */
export const Issue = z.strictObject({
  id: IssueId.describe("names the run directory; unique in its file"),
  risk_level: RiskLevel.describe("the label that a researcher gave the issue"),
  title: z.string().trim().min(1).max(200).describe("a line for people; never shown to the model"),
  prompt: z
    .string()
    .trim()
    .min(1)
    .refine((text) => Buffer.byteLength(text) <= PROMPT_LIMIT_BYTES, "at most 120000 bytes")
    .describe("what the agent is told, word for word"),
  files: z
    .array(z.string().min(1))
    .optional()
    .describe("paths inside the workspace that the issue is about"),
  workspace: z
    .string()
    .min(1)
    .optional()
    .describe("the folder to copy, relative to the issues file; default: the project's folder"),
  timeout_seconds: z.int().positive().max(86_400).optional().describe("overrides --timeout"),
  script: z
    .string()
    .min(1)
    .optional()
    .describe("what the scripted model answers, relative to the issues file"),
  network: NetworkMode.optional().describe(
    "what the room may reach beside its model: model-only, allow or open; --network goes first",
  ),
  allow_hosts: z
    .array(AllowedHost)
    .min(1)
    .max(200)
    .optional()
    .describe("for network allow: hosts such as registry.example or *.example.org:443"),
});
export type Issue = z.infer<typeof Issue>;
