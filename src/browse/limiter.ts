import type { Readable } from "node:stream";
import { finished } from "node:stream";
import { HTTPException } from "hono/http-exception";

/** Bounds how much heavy work goes on at once. */
export interface Limiter {
  /** Does the work when there is room. Throws HTTPException 503 where too many wait already. */
  <T>(work: () => Promise<T>): Promise<T>;
  /** The same for a stream, which is begun then and holds its place until it has ended or broken. */
  stream(begin: () => Readable | Promise<Readable>): Promise<Readable>;
}

export function limiter(atOnce: number, maxWaiting: number): Limiter {
  let active = 0;
  const waiting: (() => void)[] = [];
  const enter = async () => {
    if (active >= atOnce) {
      if (waiting.length >= maxWaiting)
        throw new HTTPException(503, { message: "Too much is asked at once; try again." });
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else active += 1;
  };
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) active -= 1;
    else next();
  };
  const limit = async <T>(work: () => Promise<T>): Promise<T> => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
  return Object.assign(limit, {
    async stream(begin: () => Readable | Promise<Readable>) {
      await enter();
      try {
        const stream = await begin();
        finished(stream, leave);
        return stream;
      } catch (error) {
        leave();
        throw error;
      }
    },
  });
}
