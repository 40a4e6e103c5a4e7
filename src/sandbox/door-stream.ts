import { performServerHandshake, type ServerHttp2Stream } from "node:http2";
import { createInterface } from "node:readline";
import { Duplex } from "node:stream";

/** The bounds of image/door-stream.mjs: bytes on their way in one connection, and in all. */
const STREAM_WINDOW_BYTES = 128 * 1024;
const SESSION_WINDOW_BYTES = 64 * 1024 * 1024;
const SESSION_MEGABYTES = 128;
/** Above what that program opens at once. */
const MAX_STREAMS = 512;

/** A stream that is used as a socket. */
export interface Connection extends Duplex {
  /** Calls back once nothing has come or gone for so many milliseconds. */
  setTimeout(ms: number, callback?: () => void): void;
  /** As a socket's, which node's HTTP server calls where it is there: ends, then destroys. */
  destroySoon(): void;
}

/**
 * Takes the connections of a door that speaks over its container's standard streams, as `attach` gives
 * them; all ends with those. Gives what ends all of it.
 */
export function takeConnections(
  carrier: Duplex,
  accept: (connection: Connection) => void,
): () => void {
  const session = performServerHandshake(carrier, {
    maxSessionMemory: SESSION_MEGABYTES,
    settings: { initialWindowSize: STREAM_WINDOW_BYTES, maxConcurrentStreams: MAX_STREAMS },
  });
  session.setLocalWindowSize(SESSION_WINDOW_BYTES);
  const connections = new Map<number, Connection>();
  session.on("error", () => {}); // each stream closes with it
  session.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    stream.respond({ ":status": 200 });
    const { id } = stream;
    if (headers[":authority"] === "gone" || id === undefined) return forget(stream, connections);
    const connection = connectionOf(stream);
    connections.set(id, connection);
    connection.on("close", () => connections.delete(id));
    accept(connection);
  });
  return () => {
    session.destroy();
    carrier.destroy();
  };
}

/** Ends the connections whose other half in the room is told to be gone. */
function forget(told: Duplex, connections: ReadonlyMap<number, Connection>): void {
  createInterface({ input: told }).on("line", (id) => {
    const connection = connections.get(Number(id));
    if (connection !== undefined) endOnceRead(connection);
  });
}

function endOnceRead(connection: Duplex): void {
  if (connection.readableEnded) connection.destroy();
  else connection.once("end", () => connection.destroy());
}

/**
 * A stream as a connection. One buffer is written at a time: what node gathers itself for an HTTP/2
 * stream, as the head of an answer and its body, can be freed before it is sent (nodejs/node#40679).
 */
function connectionOf(stream: ServerHttp2Stream): Connection {
  const connection = new Duplex({
    read: () => void stream.resume(),
    write: (bytes, _encoding, done) => void stream.write(bytes, done),
    final: (done) => void stream.end(done),
    destroy(error, done) {
      stream.destroy();
      done(error);
    },
  });
  stream.on("data", (bytes) => {
    if (!connection.destroyed && !connection.push(bytes)) stream.pause();
  });
  stream.on("end", () => connection.push(null));
  stream.on("close", () => {
    if (stream.readableEnded) endOnceRead(connection);
    else connection.destroy();
  });
  stream.on("timeout", () => connection.emit("timeout"));
  return Object.assign(connection, {
    setTimeout(ms: number, callback?: () => void) {
      stream.setTimeout(ms, callback);
    },
    destroySoon() {
      connection.end();
      if (connection.writableFinished) connection.destroy();
      else connection.once("finish", () => connection.destroy());
    },
  });
}
