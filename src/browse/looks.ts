import { parseAttempt } from "./attempts.js";

/** When each capture is looked at: one look at a time, and of many changes a few looks. */
export interface Looks {
  /** Looks now, after a look at the same that is under way; at its capture for an attempt. */
  now(id: string): Promise<void>;
  /** Looks soon, once for many wishes; `ms` from now where it is given. */
  soon(id: string, ms?: number): void;
  /** Of changes close together the watch tells the first: there is a look when they have settled, too. */
  changed(id: string): void;
  forget(id: string): void;
  /** Ends what waits. */
  close(): void;
}

const SETTLE_MS = 40;
/** So many times longer than a look took is waited before the next: at most a tenth of the time. */
const REST = 9;

/** `look` tells whether the capture is one that grows. It never throws. */
export function openLooks(look: (id: string) => Promise<boolean>): Looks {
  const waiting = new Map<string, NodeJS.Timeout>();
  const unsettled = new Set<string>();
  const turns = new Map<string, Promise<void>>();
  /** When a growing capture may be looked at again: the first of many changes is not kept waiting. */
  const restsUntil = new Map<string, number>();
  let closed = false;
  const now = (named: string): Promise<void> => {
    const id = parseAttempt(named)?.capture ?? named;
    const turn = (turns.get(id) ?? Promise.resolve()).then(async () => {
      const began = performance.now();
      const grows = await look(id);
      const now = performance.now();
      if (grows) restsUntil.set(id, now + Math.max(SETTLE_MS, REST * (now - began)));
      else restsUntil.delete(id);
    });
    turns.set(id, turn);
    return turn.finally(() => {
      if (turns.get(id) !== turn) return;
      turns.delete(id);
      if (unsettled.has(id)) soon(id);
    });
  };
  const untilDue = (id: string) => {
    const now = performance.now();
    return Math.max(0, (restsUntil.get(id) ?? now + SETTLE_MS) - now);
  };
  const soon = (id: string, ms = untilDue(id)) => {
    if (closed || waiting.has(id)) return;
    const begin = async () => {
      waiting.delete(id);
      const settles = unsettled.delete(id);
      await now(id);
      if (settles) soon(id);
    };
    waiting.set(id, setTimeout(begin, ms));
  };
  return {
    now,
    soon,
    changed(id) {
      unsettled.add(id);
      // What comes during a look has one after it.
      if (!turns.has(id)) soon(id);
    },
    forget: (id) => void restsUntil.delete(id),
    close() {
      closed = true;
      for (const timer of waiting.values()) clearTimeout(timer);
    },
  };
}
