import { setTimeout as sleep } from "node:timers/promises";

/** Does work piece after piece, each followed by a rest in proportion to what it took. */
export interface Pace {
  /** Does it when those before it are done and the rest is over. Throws what it throws. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** The same, and ends the rest: for what a person waits for. */
  atOnce<T>(work: () => Promise<T>): Promise<T>;
}

/** After work that took a second it rests for `rest` seconds: it works 1 / (1 + rest) of the time. */
export function pace(rest: number): Pace {
  let turn: Promise<unknown> = Promise.resolve();
  let resting = new AbortController();
  let restUntil = 0;
  /** How much waits that is wanted at once: before it, nothing rests. */
  let hurried = 0;
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(async () => {
      const { signal } = resting;
      const left = restUntil - performance.now();
      if (left > 0 && hurried === 0)
        await sleep(left, undefined, { signal, ref: false }).catch(() => {});
      resting = new AbortController();
      const began = performance.now();
      try {
        return await work();
      } finally {
        const now = performance.now();
        restUntil = now + rest * (now - began);
      }
    });
    turn = done.catch(() => {});
    return done;
  };
  return {
    inTurn,
    atOnce(work) {
      hurried += 1;
      resting.abort();
      return inTurn(work).finally(() => {
        hurried -= 1;
      });
    },
  };
}
