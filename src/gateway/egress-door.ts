import type { Duplex } from "node:stream";
import type { Client } from "./egress-attempt.js";

/** Where image/door.mjs listens for TCP questions to its resolver. */
export const NAMES_PORT = 53;
/** A connection of the door's: a socket, or a stream that is used as one. */
export interface DoorConnection extends Duplex {
  /** Calls back once nothing has come or gone for so many milliseconds. */
  setTimeout(ms: number, callback: () => void): unknown;
  /** Ends it, and destroys it once all that was written has gone. */
  destroySoon(): void;
}

/** How long one that has been answered for good may keep its half open, and its place in the door. */
const LINGER_MS = 2_000;
const LEAD_LIMIT = 256;
const MAX_TOLD_BYTES = 1024 * 1024;

/** Which connection of the room's it was. */
export interface CarriedLead {
  /** Null where the door's words are not known. */
  client: Client | null;
  /** The door's own, that was asked at. */
  port: number | null;
}

/** What the door writes before anything of the room's, or null for a line that is none of its. */
export type Lead =
  | { kind: "hello"; fault: string | null }
  | { kind: "names" }
  | ({ kind: "carried" } & CarriedLead);

/** How the door itself fared. */
export interface DoorFacts {
  /** Why it has no resolver for the room, in the system's word; null where it has. */
  namesFault: string | null;
  /** Connections and questions that it turned away by its own bounds. */
  dropped: number;
  /** When it left, if it left before its time. */
  closedAt: Date | null;
}

/** Reads the lead of a connection, and leaves what follows it to be read. */
export function readLead(connection: DoorConnection, take: (lead: Lead) => void): void {
  let held = Buffer.alloc(0);
  const giveUp = () => connection.destroy();
  const onReadable = () => {
    for (let chunk = connection.read(); chunk !== null; chunk = connection.read()) {
      held = Buffer.concat([held, chunk]);
      const end = held.indexOf("\r\n");
      if (end === -1 && held.length <= LEAD_LIMIT) continue;
      connection.off("readable", onReadable);
      connection.off("end", giveUp);
      if (end === -1 || end > LEAD_LIMIT) return void connection.destroy();
      const rest = held.subarray(end + 2);
      if (rest.length > 0) connection.unshift(rest);
      return take(toLead(held.subarray(0, end).toString("latin1")));
    }
  };
  connection.on("readable", onReadable);
  connection.on("end", giveUp);
}

function toLead(line: string): Lead {
  const hello = /^HELLO(?: (\w{1,40}))?$/.exec(line);
  if (hello !== null) return { kind: "hello", fault: hello[1] ?? null };
  if (line === "NAMES") return { kind: "names" };
  const carried = /^PROXY TCP4 ([\d.]{7,15}) \S+ (\d{1,5}) (\d{1,5})$/.exec(line);
  if (carried === null) return { kind: "carried", client: null, port: null };
  const [, address = "", from, to] = carried;
  return { kind: "carried", client: { address, port: Number(from) }, port: Number(to) };
}

/** The first byte that the room itself wrote, left to be read again. */
export function peek(connection: DoorConnection, take: (byte: number) => void): void {
  const giveUp = () => connection.destroy();
  const onReadable = () => {
    const chunk: Buffer | null = connection.read();
    if (chunk === null) return;
    connection.off("readable", onReadable);
    connection.off("end", giveUp);
    connection.unshift(chunk);
    take(chunk[0] ?? 0);
  };
  connection.on("end", giveUp);
  connection.on("readable", onReadable);
  onReadable();
}

/** Says the last words to a connection; whoever does not close it then is closed. */
export function endSoon(connection: DoorConnection, words: string | Buffer): void {
  connection.end(words);
  const timer = setTimeout(() => connection.destroy(), LINGER_MS);
  connection.once("close", () => clearTimeout(timer));
}

/**
 * Tells the door, on the connection of its HELLO, that another is closed, which it cannot see: the end
 * of a half looks the same, and the room's program could keep the place by never closing its own.
 */
export function closeInRoom(hello: DoorConnection, { client, port }: CarriedLead): void {
  if (client !== null && !hello.destroyed) hello.write(`CLOSE ${client.port} ${port}\r\n`);
}

/** Keeps the facts up to date with what the door says after its HELLO. */
export function followDoor(connection: DoorConnection, facts: DoorFacts): void {
  let told = 0;
  connection.on("data", (chunk: Buffer) => {
    told += chunk.length;
    if (told > MAX_TOLD_BYTES) return void connection.destroy();
    const last = [...chunk.toString("latin1").matchAll(/^DROPPED (\d{1,15})\r$/gm)].at(-1)?.[1];
    if (last !== undefined) facts.dropped = Number(last);
  });
  connection.on("end", () => connection.end());
  connection.on("close", () => {
    facts.closedAt ??= new Date();
  });
  connection.resume();
}
