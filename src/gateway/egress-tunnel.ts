import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type Ask, refusal } from "./egress-ask.js";
import type { AttemptResult, Client } from "./egress-attempt.js";
import { type DoorConnection, endSoon } from "./egress-door.js";

/** `CONNECT host:port`: a tunnel, or a refusal in the proxy's words. */
export async function tunnel(
  ask: Ask,
  incoming: IncomingMessage,
  inside: DoorConnection,
  early: Buffer,
  client: Client | null,
): Promise<void> {
  inside.on("error", () => inside.destroy());
  const { host, port } = authorityOf(incoming.url ?? "");
  const { socket, result, hear } = await ask({
    ...{ via: "connect", host, port, client },
    ...{ said: early, not: null },
  });
  if (socket === null) return endSoon(inside, `HTTP/1.1 ${statusLine(result)}`);
  inside.write("HTTP/1.1 200 Connection established\r\n\r\n");
  socket.write(early);
  inside.on("data", hear);
  splice(inside, socket);
}

/** Joins two sockets until either is gone; a half that has ended leaves the other half open. */
export function splice(inside: DoorConnection, outside: Socket): void {
  inside.pipe(outside);
  outside.pipe(inside);
  for (const [one, other] of [
    [inside, outside],
    [outside, inside],
  ] as const) {
    one.on("error", () => one.destroy());
    one.on("close", () => other.destroy());
    if (one.destroyed) other.destroy();
  }
}

/** `host:port` or `[address]:port`, as it was written: a resolver and the policy judge it later. */
function authorityOf(text: string): { host: string; port: number } {
  const [, address, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  return { host: (address ?? name ?? text).slice(0, 255), port: Number(port ?? 80) };
}

function statusLine(result: AttemptResult): string {
  const [status, reason] = refusal(result);
  const words = status === 403 ? "Forbidden" : "Bad Gateway";
  const length = Buffer.byteLength(reason) + 1;
  return `${status} ${words}\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${reason}\n`;
}
