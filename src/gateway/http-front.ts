import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Duplex } from "node:stream";
import type { CarriedCall, Carrier } from "./carry.js";
import type { Egress } from "./egress.js";
import type { Client } from "./egress-attempt.js";
import type { DoorConnection } from "./egress-door.js";
import { FINAL } from "./own-answer.js";

/** What stands behind the gateway's HTTP. */
export interface BehindHttp {
  /** The only key that is accepted. */
  placeholder: string;
  carry: Carrier;
  egress: Egress;
  clientOf(connection: DoorConnection): Client | null;
  /** A connection has made a whole request, but for its body. */
  onAsked(connection: DoorConnection): void;
  /** A model call goes on its way; settles when it is over. */
  onCall(call: Promise<CarriedCall>): void;
}

/**
 * What is carried: with the real key behind it, the room must not choose its own paths upstream, nor
 * its own methods. A GET of `/v1/chat/completions` lists what the key's account has stored.
 */
const CARRIED =
  /^(POST \/v1\/(chat\/completions|completions|responses|messages(\/count_tokens)?(\?beta=true)?|embeddings)|GET \/v1\/models)$/;

/**
 * Serves whoever speaks HTTP to the door: model calls with the room's key, requests and tunnels to
 * elsewhere. It listens nowhere; connections are given to it as its event `connection`.
 */
export function httpFront({ placeholder, carry, egress, ...front }: BehindHttp): Server {
  const { clientOf, onAsked, onCall } = front;
  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    onAsked(incoming.socket);
    const client = clientOf(incoming.socket);
    if (!incoming.url?.startsWith("/")) return egress.forward(incoming, response, client);
    // How Claude Code asks at start whether anybody is there.
    if (incoming.method === "HEAD" && incoming.url === "/")
      return response.writeHead(200, CLOSE).end();
    if (!CARRIED.test(`${incoming.method} ${incoming.url}`)) {
      await egress.refused("no model call", client);
      return deny(response, 404, "this gateway carries model calls");
    }
    if (keyIn(incoming.headers) !== placeholder) {
      await egress.refused("not the key of this room", client);
      return deny(response, 401, "this gateway accepts the key of its own room only");
    }
    onCall(carry(incoming, response, (asked) => egress.forProvider(asked, client)));
  };
  // What Node would refuse by itself, a request without a host or with an expectation that it does
  // not know, comes here like any other: nothing is answered that is not recorded.
  const http = createServer({ requireHostHeader: false }, serve);
  http.on("checkExpectation", serve);
  http.on("connect", (incoming, duplex, early) => {
    const connection = duplex as DoorConnection;
    onAsked(connection);
    egress.tunnel(incoming, connection, early, clientOf(connection));
  });
  const broken = new WeakSet<Duplex>();
  http.on("clientError", async (error: NodeJS.ErrnoException, duplex) => {
    if (broken.has(duplex)) return; // What follows is no other attempt.
    broken.add(duplex);
    if (error.code?.startsWith("HPE_")) {
      await egress.refused("no HTTP", clientOf(duplex as DoorConnection));
    }
    duplex.destroy();
  });
  return http;
}

/** Who has shown no key is kept no place in the door. */
const CLOSE = { connection: "close" };

/** The key of a call, as OpenAI's clients send it or as Anthropic's do. */
function keyIn({ authorization, "x-api-key": key }: IncomingHttpHeaders): string | undefined {
  return typeof key === "string" ? key : authorization?.replace(/^Bearer /, "");
}

/** Refuses for good, in words that are of no API: the asker may be no client of one. */
function deny(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { "content-type": "application/json", ...FINAL, ...CLOSE });
  response.end(JSON.stringify({ error: { message, type: "gateway" } }));
}
