import type { Ask } from "./egress-ask.js";
import type { Attempt, Client } from "./egress-attempt.js";
import { type DoorConnection, endSoon } from "./egress-door.js";
import { splice } from "./egress-tunnel.js";

/** The first byte of a client of SOCKS 4 and 4a (openssh.com/txt/socks4.protocol, socks4a.protocol). */
export const SOCKS4 = 4;
/** The same of SOCKS 5 (RFC 1928). */
export const SOCKS5 = 5;

type Outcome = "done" | "notAllowed" | "unreachable" | "noSuchCommand";
type Take = (count: number) => Promise<Buffer>;

/** What a client asks for, and how its version words an outcome. */
interface Wish {
  via: Attempt["via"];
  host: string;
  port: number;
  /** Whether it asks for a connection, the one command that is served. */
  connects: boolean;
  reply(outcome: Outcome): Buffer;
}

const CONNECT = 1;
const VIAS_4: Record<number, Attempt["via"]> = { 1: "socks4", 2: "socks4-bind" };
const GRANTED_4 = 90;
const REJECTED_4 = 91;
const TEXT_LIMIT = 255;
const NOTHING = Buffer.alloc(0);
const NO_CONNECTION = "only connections out of the room are carried";

const VIAS_5: Record<number, Attempt["via"]> = { 1: "socks5", 2: "socks5-bind", 3: "socks5-udp" };
const NO_PASSWORD = 0;
const CODES_5 = { done: 0, notAllowed: 2, unreachable: 4, noSuchCommand: 7 } as const;
const ADDRESS_BYTES: Record<number, number> = { 1: 4, 4: 16 };
const NAME_KIND = 3;

/**
 * Serves one SOCKS client: CONNECT to a name or an address; the other commands are refused. False
 * where what was said is no SOCKS. `onAsked` is called once the client has said what it wants.
 */
export async function socks(
  ask: Ask,
  inside: DoorConnection,
  client: Client | null,
  onAsked: () => void,
): Promise<boolean> {
  inside.on("error", () => inside.destroy());
  const giveUp = () => inside.destroy();
  inside.on("end", giveUp);
  const take = reader(inside);
  const [version] = await take(1);
  const wish = await (version === SOCKS4 ? wishOf4(take) : wishOf5(take, inside));
  onAsked();
  if (wish === null) return false;
  const { via, host, port, connects, reply } = wish;
  const not = connects ? null : NO_CONNECTION;
  const { socket, result, hear } = await ask({ via, host, port, client, said: NOTHING, not });
  if (socket === null) {
    const refused = connects ? "notAllowed" : "noSuchCommand";
    endSoon(inside, reply(result.verdict === "unreachable" ? "unreachable" : refused));
    return true;
  }
  inside.off("end", giveUp);
  inside.write(reply("done"));
  inside.on("data", hear);
  splice(inside, socket);
  return true;
}

/** A port, an address and a user; for 4a an address that nobody has, and the name behind the user. */
async function wishOf4(take: Take): Promise<Wish | null> {
  const [command = 0] = await take(1);
  const port = (await take(2)).readUInt16BE();
  const address = await take(4);
  if ((await text(take)) === null) return null;
  const named = address.readUInt32BE() < 256 && address[3] !== 0;
  const host = named ? await text(take) : address.join(".");
  if (host === null) return null;
  const reply = (outcome: Outcome) =>
    Buffer.from([0, outcome === "done" ? GRANTED_4 : REJECTED_4, 0, 0, 0, 0, 0, 0]);
  return { via: VIAS_4[command] ?? "socks4", host, port, connects: command === CONNECT, reply };
}

async function wishOf5(take: Take, inside: DoorConnection): Promise<Wish | null> {
  const [methods = 0] = await take(1);
  await take(methods);
  inside.write(Buffer.from([SOCKS5, NO_PASSWORD]));
  const [, command = 0, , kind = 0] = await take(4);
  const length = kind === NAME_KIND ? ((await take(1))[0] ?? 0) : ADDRESS_BYTES[kind];
  if (length === undefined) return null;
  const host = hostOf(kind, await take(length));
  const port = (await take(2)).readUInt16BE();
  // The address in a reply is of no use to a client that only connects: all zeroes.
  const reply = (outcome: Outcome) =>
    Buffer.from([SOCKS5, CODES_5[outcome], 0, 1, 0, 0, 0, 0, 0, 0]);
  return { via: VIAS_5[command] ?? "socks5", host, port, connects: command === CONNECT, reply };
}

function hostOf(kind: number, bytes: Buffer): string {
  if (kind === NAME_KIND) return bytes.toString("latin1");
  if (kind === 1) return bytes.join(".");
  return (bytes.toString("hex").match(/.{4}/g) ?? []).join(":");
}

/** What comes before a zero byte; null where it is too long. */
async function text(take: Take): Promise<string | null> {
  let held = "";
  while (held.length <= TEXT_LIMIT) {
    const [byte = 0] = await take(1);
    if (byte === 0) return held;
    held += String.fromCharCode(byte);
  }
  return null;
}

/** Takes exact counts of bytes; never settles where they do not come, as the socket then closes. */
function reader(socket: DoorConnection): Take {
  return (count) =>
    new Promise((resolve) => {
      if (count === 0) return resolve(Buffer.alloc(0));
      const attempt = () => {
        const bytes: Buffer | null = socket.read(count);
        if (bytes === null || bytes.length < count) return;
        socket.off("readable", attempt);
        resolve(bytes);
      };
      socket.on("readable", attempt);
      attempt();
    });
}
