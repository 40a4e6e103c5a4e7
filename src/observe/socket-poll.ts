import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../record/network.js";
import type { NetworkPolicy } from "../record/network-policy.js";
import type { Door } from "../sandbox/door.js";
import type { Room } from "../sandbox/room.js";
import type { Asker } from "./network-door.js";
import { poll, pollCoverage } from "./poller.js";
import { socketInodes } from "./proc.js";
import type { ProcessWatch } from "./process-watch.js";
import { doorName, GATEWAY, isRoomsOwn, RESOLVER } from "./room-addresses.js";
import type { SocketWatch } from "./socket-watch.js";
import { drops, parseSockets, SOCKET_TABLES, type TableRow } from "./sockets.js";

type Protocol = keyof typeof SOCKET_TABLES;
/** Unix sockets last, whose names the room makes. */
const PROTOCOLS = Object.keys(SOCKET_TABLES) as Protocol[];

const INTERVAL_MS = 100;
const ENGINE_INTERVAL_MS = 1000;
const MAX_CONNECTIONS = 20_000;
/** TCP states of an attempt that has not been answered. */
const TRYING = new Set(["SYN_SENT"]);

const NO_ROUTE =
  "with no route out of the room, attempts that ignore the door (a plain address over TCP, UDP or ICMP) fail at once and are seldom seen without the kernel sensor";

/** A room with its door. */
export interface PolledRoom {
  room: Pick<Room, "hostPid">;
  door: Pick<Door, "read">;
  /** The path of the gateway's socket, whose ends are not the room's. */
  gatewaySocket: string;
  policy: NetworkPolicy;
}

/** Starts watching: the room's socket tables from the host's /proc, else read through the door. */
export function pollSockets(
  { room, door, gatewaySocket, policy }: PolledRoom,
  processes: ProcessWatch,
): SocketWatch {
  const connections = new Map<string, Connection>();
  const owners = new Map<string, string>();
  let omitted = 0;
  const direct = room.hostPid !== null;
  const open = policy.mode === "open";
  // A kernel without that protocol has no such table; a room that is gone has none.
  const readText = async (file: string): Promise<string> => {
    try {
      return readFileSync(`/proc/${room.hostPid}/${file}`, "latin1");
    } catch {
      return "";
    }
  };
  const read = (files: string[]): Promise<string[]> =>
    direct
      ? Promise.all(files.map(readText))
      : door.read(files.map((file) => `/proc/self/${file}`)).catch(() => files.map(() => ""));

  const owner = (row: TableRow): string | null => owners.get(row.inode) ?? null;
  const learnOwners = (rows: TableRow[]) => {
    if (rows.every((row) => row.inode === "0" || owners.has(row.inode))) return;
    for (const pid of processes.pids()) {
      const key = processes.keyOf(pid);
      if (key === null) continue;
      for (const inode of socketInodes(pid)) owners.set(inode, key);
    }
  };
  const take = (row: TableRow, now: string) => {
    // The door's own ends of what it carries are not the room's.
    if ([GATEWAY, RESOLVER, gatewaySocket].includes(row.local)) return;
    const known = connections.get(idOf(row));
    if (known !== undefined) {
      known.state = row.state;
      if (known.verdict === "unreachable") known.verdict = verdictOf(row, open);
      known.last_seen_at = now;
      known.process ??= owner(row);
      known.call_id ??= known.process === null ? null : processes.callOf(known.process);
    } else if (connections.size >= MAX_CONNECTIONS) omitted += 1;
    else connections.set(idOf(row), toConnection(row, owner(row), processes, open, now));
  };
  const readRows = async (protocols: Protocol[]): Promise<TableRow[]> => {
    const texts = await read(protocols.map((name) => SOCKET_TABLES[name]));
    return protocols.flatMap((name, at) => parseSockets(name, texts[at] ?? ""));
  };
  const look = async () => {
    const now = new Date().toISOString();
    const rows = await readRows(PROTOCOLS);
    learnOwners(rows);
    for (const row of rows) take(row, now);
  };

  const intervalMs = direct ? INTERVAL_MS : ENGINE_INTERVAL_MS;
  const watching = poll(intervalMs, look);
  // Askers that come together share one look: a flood of them costs no more than one.
  const lookAtAskers = {
    tcp: shared(() => askers(["tcp", "tcp6"])),
    udp: shared(() => askers(["udp", "udp6"])),
  };
  const askers = async (protocols: Protocol[]): Promise<TableRow[]> => {
    const rows = await readRows(protocols);
    try {
      processes.look();
    } catch {
      // The room has just gone; what it asked is recorded without its process.
    }
    learnOwners(rows);
    return rows;
  };
  const rows = () => [...connections].map(([id, connection]) => ({ id, connection }));
  return {
    async askerOf(transport, address, port): Promise<Asker> {
      const rows = port === null ? [] : await lookAtAskers[transport]();
      const row = port === null ? undefined : socketAt(rows, address, port);
      const process = row ? owner(row) : null;
      const call_id = process === null ? null : processes.callOf(process);
      return { process, call_id, socket: row ? idOf(row) : null };
    },
    soFar: rows,
    async stop() {
      const [datagrams = ""] = await read([SOCKET_TABLES.udp]);
      const overflowed = drops(datagrams);
      const facts = await watching.stop();
      return {
        rows: rows(),
        omitted,
        overflowed,
        coverage: pollCoverage(facts, {
          source: direct
            ? "the room's socket tables in the host's /proc, and the door"
            : "the room's socket tables, read through the door, and the door",
          intervalMs: intervalMs,
          blindSpots: [
            `sockets shorter than ${intervalMs} ms may be missing, but for those through the door`,
            ...(open ? [] : [NO_ROUTE]),
            "bytes are counted for what the door carried out of the room, and for nothing else",
            ...(direct ? [] : ["owners of sockets are not seen: host pids are hidden"]),
          ],
        }),
      };
    },
  };
}

/**
 * Calls that come while one waits for its turn share it. It rests after each for as long as that took:
 * a flood of calls takes half of the time, and the others still have theirs.
 */
function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | null = null;
  /** Until when none is to be done, by performance.now(). */
  let rest = 0;
  return () => {
    next ??= last
      .then(() => sleep(Math.max(0, rest - performance.now())))
      .then(() => {
        next = null;
        const started = performance.now();
        const working = work();
        last = working
          .catch(() => {})
          .then(() => {
            const ended = performance.now();
            rest = ended + (ended - started);
          });
        return working;
      });
    return next;
  };
}

/** The socket at an address, else the one that is bound to every address at its port. */
function socketAt(rows: TableRow[], address: string | null, port: number): TableRow | undefined {
  const exact = `${address ?? "127.0.0.1"}:${port}`;
  const any = [`0.0.0.0:${port}`, `[::]:${port}`];
  return (
    rows.find(({ local }) => local === exact || local === mapped(exact)) ??
    rows.find(({ local }) => any.includes(local))
  );
}

/** How a table of IPv6 sockets shows an IPv4 address. */
function mapped(address: string): string {
  const [host = "", port = ""] = address.split(":");
  const [a = 0, b = 0, c = 0, d = 0] = host.split(".").map(Number);
  return `[::ffff:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}]:${port}`;
}

/** Without its inode, which a closed socket in TIME_WAIT has lost; two Unix sockets may share a path. */
function idOf({ protocol, local, remote, inode }: TableRow): string {
  return protocol === "unix" ? `unix ${inode}` : `${protocol} ${local} ${remote}`;
}

function toConnection(
  row: TableRow,
  process: string | null,
  processes: ProcessWatch,
  open: boolean,
  now: string,
): Connection {
  return {
    protocol: row.protocol,
    local: row.local,
    remote: row.remote === "" ? null : row.remote,
    remote_name: doorName(row.remote),
    state: row.state,
    verdict: verdictOf(row, open),
    purpose: purposeOf(row),
    first_seen_at: now,
    last_seen_at: now,
    sent_bytes: null,
    received_bytes: null,
    process,
    call_id: process === null ? null : processes.callOf(process),
  };
}

/** A sealed room has no way out but the door; what stands in its tables was only tried. */
function verdictOf(row: TableRow, open: boolean): Connection["verdict"] {
  if (TRYING.has(row.state)) return "unreachable";
  return purposeOf(row) === "outside" && !open ? "unreachable" : "allowed";
}

function purposeOf(row: TableRow): NonNullable<Connection["purpose"]> {
  if (row.remote === GATEWAY) return "model";
  if (row.protocol === "unix") return row.state === "LISTEN" ? "listen" : "local";
  if (/:0$/.test(row.remote)) return "listen";
  return isRoomsOwn(row.remote) ? "local" : "outside";
}
