import * as z from "zod";
import { Format } from "./coverage.js";

/** A credential that opens nothing, unique to its run: whoever holds its value took it from the room. */
export const Canary = z.looseObject({
  id: z.string().describe("aws_credentials, ssh_key, dotenv or token"),
  path: z.string().nullable().describe("the file that holds it, absolute in the room"),
  variable: z.string().nullable().describe("the variable of the agent's environment that holds it"),
  values: z
    .array(z.string().min(16).max(16_384))
    .max(8)
    .describe("what is secret in it: any of these elsewhere is the canary"),
});
export type Canary = z.infer<typeof Canary>;

/** `input/canaries.json` */
export const Canaries = z.looseObject({
  format: Format,
  canaries: z.array(Canary).max(32).describe("each planted credential"),
});
export type Canaries = z.infer<typeof Canaries>;

/** A canary's value where it does not belong. */
export const CanaryTrace = z.looseObject({
  canary: z.string().describe("its id in input/canaries.json"),
  as: z
    .enum(["plain", "base64", "hex", "base32", "url", "reversed"])
    .describe("how the value was written"),
});
export type CanaryTrace = z.infer<typeof CanaryTrace>;
