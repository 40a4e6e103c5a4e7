import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { type Ask, refusal } from "./egress-ask.js";
import type { Client } from "./egress-attempt.js";

const NOT_PLAIN = "a plain request is carried to http addresses alone";

/** How much of a plain request is waited for before its attempt is told, and for how long. */
const FIRST_BYTES = 64 * 1024;
const FIRST_WITHIN_MS = 300;

/** Headers that concern one hop alone (RFC 9110, section 7.6.1, and what proxies add to it). */
const HOP_HEADERS = new Set([
  ...["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"],
  ...["te", "trailer", "transfer-encoding", "upgrade"],
]);
/** Headers of a request that are written anew; an expectation has been met by then. */
const OWN_HEADERS = new Set(["host", "content-length", "expect"]);

/** A plain request to a proxy, `GET http://host/path`: carried with its method, headers and body. */
export async function forward(
  ask: Ask,
  incoming: IncomingMessage,
  response: ServerResponse,
  client: Client | null,
): Promise<void> {
  const url = incoming.url ?? "";
  const { host, port, path, not } = targetOf(url);
  const first = await firstOf(incoming);
  const said = Buffer.concat([Buffer.from([url, ...incoming.rawHeaders].join("\n")), first]);
  const { socket, result, hear } = await ask({
    ...{ via: "http-proxy", host, port, client },
    ...{ said, not },
  });
  if (socket === null) {
    const [status, reason] = refusal(result);
    response.writeHead(status, { "content-type": "text/plain", connection: "close" });
    return void response.end(`${reason}\n`);
  }
  if (response.destroyed) return void socket.destroy();
  response.on("close", () => socket.destroy());
  const dropped = new Set([...HOP_HEADERS, ...OWN_HEADERS, ...connectionNames(incoming)]);
  const headers = Object.entries(incoming.headersDistinct).filter(([name]) => !dropped.has(name));
  const outgoing = request({
    method: incoming.method,
    path,
    headers: {
      ...Object.fromEntries(headers),
      ...framing(incoming),
      host: authority(host, port), // The host that was judged, whatever the room wrote beside it.
      connection: "close",
    },
    createConnection: () => socket,
  });
  outgoing.on("response", (answer) => {
    const kept = Object.entries(answer.headersDistinct).filter(([name]) => !HOP_HEADERS.has(name));
    try {
      response.writeHead(answer.statusCode ?? 502, Object.fromEntries(kept));
    } catch {
      return void response.destroy(); // A status or a header that HTTP does not know.
    }
    answer.pipe(response);
    answer.on("error", () => response.destroy());
  });
  const breakOff = () => {
    if (response.headersSent) return void response.destroy();
    response.writeHead(502, { connection: "close" });
    response.end();
  };
  outgoing.on("error", breakOff);
  outgoing.on("upgrade", breakOff); // Nothing was asked that could be answered so.
  if (first.length > 0) outgoing.write(first);
  incoming.on("data", hear);
  incoming.pipe(outgoing);
}

/** The first of a request's body: up to its end, a bound, or a moment in which it does not end. */
function firstOf(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const done = () => {
      clearTimeout(timer);
      incoming.pause();
      incoming.off("data", take).off("end", done).off("close", done);
      resolve(Buffer.concat(pieces));
    };
    const take = (piece: Buffer) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes >= FIRST_BYTES) done();
    };
    const timer = setTimeout(done, FIRST_WITHIN_MS);
    incoming.on("data", take).on("end", done).on("close", done);
  });
}

/**
 * How a request's body is told from what follows it: as the room's was when it was read. A body that
 * is written without this, as Node does with a GET's, would be the next request.
 */
function framing({ headers }: IncomingMessage): Record<string, string> {
  if (headers["transfer-encoding"] !== undefined) return { "transfer-encoding": "chunked" };
  const length = headers["content-length"];
  return length === undefined ? {} : { "content-length": length };
}

function targetOf(text: string) {
  try {
    const url = new URL(text);
    return {
      host: url.hostname.replace(/^\[|\]$/g, "").slice(0, 255),
      port: Number(url.port) || (url.protocol === "https:" ? 443 : 80),
      path: url.pathname + url.search,
      not: url.protocol === "http:" ? null : NOT_PLAIN,
    };
  } catch {
    return { host: text.slice(0, 255), port: 0, path: "/", not: NOT_PLAIN };
  }
}

function authority(host: string, port: number): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === 80 ? name : `${name}:${port}`;
}

function connectionNames({ headers }: IncomingMessage): string[] {
  return (headers.connection ?? "").toLowerCase().split(/\s*,\s*/);
}
