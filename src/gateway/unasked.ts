import type { DoorConnection } from "./egress-door.js";

/** How long a connection may say nothing: all that speak to the door speak as soon as they are there. */
const SILENT_MS = 10_000;
/** How long the first request may take to be whole, its body left out. */
const ASKING_MS = 30_000;
/**
 * How many of each kind there may be. The door has 256 places; 128 connections may lead out of the
 * room; so 64 are left for model calls, whatever waits here.
 */
const MAX_OF_A_KIND = 32;

const KINDS = {
  silent: {
    within: SILENT_MS,
    late: `said nothing for ${SILENT_MS / 1000} s`,
    many: `one of more than ${MAX_OF_A_KIND} connections that say nothing`,
  },
  asking: {
    within: ASKING_MS,
    late: `made no whole request within ${ASKING_MS / 1000} s`,
    many: `one of more than ${MAX_OF_A_KIND} connections with no whole request`,
  },
} as const;
type Kind = keyof typeof KINDS;

/** Connections of the room's that have not asked for anything yet, each with a place in the door. */
export interface Unasked {
  /** Takes one that has just come, or has said its first byte. */
  enter(connection: DoorConnection, kind: Kind): void;
  /** Lets one go: it has asked, or it is gone. */
  leave(connection: DoorConnection): void;
}

/**
 * Each may wait for a while, and of too many the one that has waited longest must go: a program that
 * opens connections and leaves them keeps no other from speaking. `end` is told why.
 */
export function openUnasked(end: (connection: DoorConnection, reason: string) => void): Unasked {
  const waiting: Record<Kind, Map<DoorConnection, NodeJS.Timeout>> = {
    silent: new Map(),
    asking: new Map(),
  };
  const leave = (connection: DoorConnection) => {
    for (const those of Object.values(waiting)) {
      clearTimeout(those.get(connection));
      those.delete(connection);
    }
  };
  const turnAway = (connection: DoorConnection, reason: string) => {
    leave(connection);
    end(connection, reason);
  };
  return {
    leave,
    enter(connection, kind) {
      leave(connection);
      if (connection.destroyed) return;
      const { within, late, many } = KINDS[kind];
      const those = waiting[kind];
      those.set(
        connection,
        setTimeout(() => turnAway(connection, late), within),
      );
      const [oldest] = those.keys();
      if (those.size > MAX_OF_A_KIND && oldest !== undefined) turnAway(oldest, many);
    },
  };
}
