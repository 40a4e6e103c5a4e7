import type { IncomingMessage } from "node:http";

/** Bounds in bytes: of one request, and of all that one room has under way at once. */
const REQUEST_LIMIT = 64 * 1024 * 1024;
const UNDER_WAY_LIMIT = 128 * 1024 * 1024;
/** A request comes from the same machine: one that pauses for so long does not come to its end. */
const STALLED_MS = 30_000;

/** The bodies of one room's requests, held from their first byte until they are released. */
export interface RequestBodies {
  /** Rejects past any bound, and where the room breaks off; the answer can still be written. */
  read(incoming: IncomingMessage): Promise<Buffer>;
  release(body: Buffer): void;
}

export function requestBodies(): RequestBodies {
  let underWay = 0;
  return {
    read: (incoming) =>
      new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        let size = 0;
        const take = (chunk: Buffer) => {
          stalled.refresh();
          chunks.push(chunk);
          size += chunk.length;
          underWay += chunk.length;
          if (size > REQUEST_LIMIT) fail(`a request larger than ${REQUEST_LIMIT} bytes`);
          else if (underWay > UNDER_WAY_LIMIT)
            fail(`more than ${UNDER_WAY_LIMIT} bytes of requests at once`);
        };
        const leave = () => {
          clearTimeout(stalled);
          incoming.off("data", take).off("end", finish).off("close", breakOff);
        };
        const finish = () => {
          leave();
          resolve(Buffer.concat(chunks, size));
        };
        const fail = (why: string) => {
          leave();
          incoming.pause();
          underWay -= size;
          reject(new Error(why));
        };
        const breakOff = () => fail("the request broke off");
        const stalled = setTimeout(
          () => fail(`nothing more of the request came for ${STALLED_MS / 1000} s`),
          STALLED_MS,
        );
        incoming.on("data", take).on("end", finish).on("close", breakOff);
        incoming.on("error", () => {}); // its close follows
      }),
    release(body) {
      underWay -= body.length;
    },
  };
}
