import * as z from "zod";
import { CanaryTrace } from "./canaries.js";
import { Bytes, CallId, Coverage, Format, ProcessKey, Time } from "./coverage.js";

/** What came of an attempt: it was let through, the policy forbade it, or nobody was there. */
export const Verdict = z.enum(["allowed", "refused", "unreachable"]);

/** One connection, or several alike that were folded; attempts that failed are among them. */
export const Connection = z.looseObject({
  protocol: z
    .string()
    .describe(
      "tcp, tcp6, udp, udp6, unix, raw, icmp, …; through the door: connect, http-proxy, socks4, socks5, gateway for what was refused by the gateway itself, and provider for what a model call would have the model's provider reach",
    ),
  local: z.string().nullable().describe("address:port, or a path for unix"),
  remote: z.string().nullable().describe("the same of the other end; null where there is none"),
  remote_name: z.string().nullable().describe("the host that was asked for, where known"),
  server_name: z.string().optional().describe("the host that its TLS hello names"),
  http_host: z.string().optional().describe("the host that its first HTTP request names"),
  remote_address: z.string().optional().describe("the address that the gateway chose or refused"),
  reason: z.string().optional().describe("why it was refused or not reached"),
  state: z.string().nullable().describe("the last TCP state seen, in the kernel's words"),
  verdict: Verdict.describe("refused: by the policy; unreachable: nobody was there"),
  purpose: z
    .enum(["model", "listen", "local", "outside"])
    .optional()
    .describe("model: to the model gateway; outside: an attempt to leave the room"),
  first_seen_at: Time,
  last_seen_at: Time,
  attempts: z.int().positive().optional().describe("how many were folded into this one"),
  sent_bytes: Bytes.nullable().describe("by the room; null where they were not counted"),
  received_bytes: Bytes.nullable().describe("by the room; null where they were not counted"),
  canaries: z
    .array(CanaryTrace)
    .optional()
    .describe(
      "canaries of the run in what was sent through the door, carried or not, and in the first bytes of what went past it",
    ),
  process: ProcessKey.nullable().describe("the owner's process key; null: not known"),
  call_id: CallId,
});
export type Connection = z.infer<typeof Connection>;

/** A name that somebody in the room wanted resolved, or handed on to be. */
export const AskedName = z.looseObject({
  name: z.string().describe("with what is no visible ASCII as in a zone file: \\ddd"),
  type: z
    .string()
    .describe(
      "A, AAAA, … of a resolver; connect, http-proxy, socks4, socks5 for a name handed to a proxy, provider for one handed to the model's provider; tls, http for one that a hello or a request named",
    ),
  asked_at: Time.describe("the first time, where several were folded"),
  attempts: z.int().positive().optional().describe("how often the same process asked the same"),
  process: ProcessKey.nullable().describe("who asked; null: not known"),
  call_id: CallId,
  answer: z.string().nullable().describe("in words, cut; null where none was seen"),
  source: z
    .literal("packets")
    .optional()
    .describe(
      "packets: nobody but the packets tells; else the room's resolver or the gateway does",
    ),
});
export type AskedName = z.infer<typeof AskedName>;

/** `observations/network.json` */
export const NetworkObservation = z.looseObject({
  format: Format,
  coverage: Coverage,
  policy: z.string().describe("what the room was allowed to reach"),
  door: z
    .enum(["socket", "stream"])
    .optional()
    .describe(
      "how the room's door reached the gateway: over its Unix socket, or over the connection to the engine",
    ),
  connections: z.array(Connection).describe("sockets, and attempts through the door"),
  names: z.array(AskedName).describe("names asked for"),
  omitted: z.int().nonnegative().optional().describe("connections left out by the bound"),
  omitted_names: z.int().nonnegative().optional().describe("names left out by the bound"),
});
export type NetworkObservation = z.infer<typeof NetworkObservation>;
