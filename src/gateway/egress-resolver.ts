import { createSocket } from "node:dgram";
import { getServers } from "node:dns";
import { connect, isIPv6 } from "node:net";
import { frames, type Resolver } from "./egress-names.js";

const FORWARD_WITHIN_MS = 4_000;

/** The resolvers of this host, asked with the room's own bytes, one after another. */
export const hostResolver: Resolver = async (message, transport) => {
  let last: unknown = new Error("this host has no resolver");
  for (const server of getServers()) {
    const [, host = "", port = "53"] =
      /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(isIPv6(server) ? `[${server}]` : server) ?? [];
    try {
      return await (transport === "udp" ? askDatagram : askStream)(message, host, Number(port));
    } catch (error) {
      last = error;
    }
  }
  throw last;
};

function askDatagram(message: Buffer, host: string, port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
    const timer = setTimeout(() => end(new Error("no answer in time")), FORWARD_WITHIN_MS);
    const end = (result: Error | Buffer) => {
      clearTimeout(timer);
      socket.close();
      if (result instanceof Error) reject(result);
      else resolve(result);
    };
    socket.once("error", end);
    // A connected socket takes answers from nobody else.
    socket.connect(port, host, () => socket.send(message));
    socket.once("message", end);
  });
}

function askStream(message: Buffer, host: string, port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      socket.write(Buffer.concat([length, message]));
    });
    socket.setTimeout(FORWARD_WITHIN_MS, () => socket.destroy(new Error("no answer in time")));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed without an answer")));
    frames(socket, 2, 0, async (_head, answer) => {
      resolve(answer);
      socket.destroy();
    });
  });
}
