import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { type Seeker, seekerOf } from "../canaries/seek.js";
import type { ModelCall } from "../record/model-calls.js";
import type { NetworkPolicy } from "../record/network-policy.js";
import { type CallEnding, carrierTo } from "./carry.js";
import { openEgress } from "./egress.js";
import type { Client, EgressListener } from "./egress-attempt.js";
import {
  closeInRoom,
  type DoorConnection,
  type DoorFacts,
  followDoor,
  NAMES_PORT,
  peek,
  readLead,
} from "./egress-door.js";
import { SURROUNDINGS, type Surroundings } from "./egress-reach.js";
import { SOCKS4, SOCKS5 } from "./egress-socks.js";
import { httpFront } from "./http-front.js";
import { openUnasked } from "./unasked.js";
import type { Upstream } from "./upstream.js";

/** Those who ask in the room wait for their answer until the listener has looked at them. */
export interface GatewayRequest extends EgressListener {
  /** A folder that only this user can enter; the socket is made in it. */
  folder: string;
  upstream: Upstream;
  onCall(call: ModelCall, ending: CallEnding): void;
  /** Looks for canaries in what leaves the room; for none where it is left out. */
  seeker?: Seeker;
  /** What else the room may reach; nothing where it is left out. */
  network?: NetworkPolicy;
  /** For tests, which reach nothing but what they made. */
  surroundings?: Surroundings;
}

/** The only way from the room to a model. Disposing it ends every connection. */
export interface Gateway extends AsyncDisposable {
  readonly socket: string;
  /** Takes a connection of the door's that came another way than over the socket. */
  accept(connection: DoorConnection): void;
  /** The only key that this gateway accepts: unique to the run, worth nothing elsewhere. */
  readonly placeholder: string;
  /** Resolves when the door has said that it listens. */
  readonly doorOpen: Promise<void>;
  readonly door: Readonly<DoorFacts>;
  /** Model calls being carried right now. */
  inFlight(): number;
}

const MODEL_ONLY: NetworkPolicy = { mode: "model-only", allowHosts: [] };

/** Opens the gateway on a Unix socket. Throws the system's error where it cannot listen. */
export async function openGateway(request: GatewayRequest): Promise<Gateway> {
  const socket = join(request.folder, "gateway.sock");
  const placeholder = `placeholder-${randomBytes(16).toString("hex")}`;
  const clients = new WeakMap<DoorConnection, Client | null>();
  const door: DoorFacts = { namesFault: null, dropped: 0, closedAt: null };
  const open = new Set<DoorConnection>();
  const seeker = request.seeker ?? seekerOf([]);
  const flying = new Set<Promise<void>>();
  let hello: DoorConnection | null = null;
  let opened = () => {};
  const doorOpen = new Promise<void>((resolve) => {
    opened = resolve;
  });

  const clientOf = (connection: DoorConnection) => clients.get(connection) ?? null;
  const egress = openEgress(
    request.network ?? MODEL_ONLY,
    request,
    seeker,
    request.surroundings ?? SURROUNDINGS,
  );
  const unasked = openUnasked(async (connection, reason) => {
    await egress.refused(reason, clientOf(connection));
    connection.destroy();
  });
  const http = httpFront({
    ...{ placeholder, egress, clientOf, onAsked: unasked.leave },
    carry: carrierTo(request.upstream, seeker),
    onCall(carried) {
      const told = carried.then(({ call, ending }) => request.onCall(call, ending));
      const flight = told.finally(() => flying.delete(flight));
      flying.add(flight);
    },
  });
  const serve = (connection: DoorConnection, client: Client | null) => {
    clients.set(connection, client);
    connection.on("close", () => unasked.leave(connection));
    unasked.enter(connection, "silent");
    peek(connection, (byte) => {
      unasked.enter(connection, "asking");
      if (byte !== SOCKS4 && byte !== SOCKS5) return http.emit("connection", connection);
      egress.socks(connection, client, () => unasked.leave(connection));
    });
  };
  const accept = (connection: DoorConnection) => {
    open.add(connection);
    connection.on("close", () => open.delete(connection));
    connection.on("error", () => connection.destroy());
    readLead(connection, (lead) => {
      if (lead.kind === "names") return egress.names.datagrams(connection);
      if (lead.kind === "hello") {
        hello = connection;
        door.namesFault = lead.fault;
        followDoor(connection, door);
        return opened();
      }
      const { client, port } = lead;
      connection.on("close", () => {
        if (hello !== null && !connection.readableEnded) closeInRoom(hello, lead);
      });
      if (port !== NAMES_PORT || client === null) return serve(connection, client);
      egress.names.stream(connection, client);
    });
  };
  const server = createServer({ allowHalfOpen: true }, accept);
  await listen(server, socket);
  return {
    socket,
    accept,
    placeholder,
    doorOpen,
    door,
    inFlight: () => flying.size,
    [Symbol.asyncDispose]: async () => {
      for (const connection of open) connection.destroy();
      await new Promise((resolve) => server.close(resolve));
      // A call that was cut off here is in the record, too.
      await Promise.allSettled(flying);
    },
  };
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
}
