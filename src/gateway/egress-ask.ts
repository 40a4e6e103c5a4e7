import type { Attempt, AttemptResult, Client } from "./egress-attempt.js";
import type { Reached } from "./egress-reach.js";

/** What a client asks of the door, and what it has said already. */
export interface Asked {
  via: Attempt["via"];
  host: string;
  port: number;
  client: Client | null;
  said: Buffer;
  /** Why it is refused whatever its host; null where its host decides. */
  not: string | null;
}

/**
 * Tells of an attempt and tries to reach its host. The socket is null where that must not or cannot
 * be; else `hear` is given what else is said.
 */
export type Ask = (asked: Asked) => Promise<Reached & { hear(said: Buffer): void }>;

/** What the room is told says nothing of the world outside but that this host is not for it. */
export function refusal({ verdict }: AttemptResult): [403 | 502, string] {
  return verdict === "unreachable"
    ? [502, "this host could not be reached"]
    : [403, "this room may not reach this host"];
}
