import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { Duplex, Transform } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { carrierOf } from "../../src/sandbox/attached.js";
import { type Connection, takeConnections } from "../../src/sandbox/door-stream.js";
import { PROJECT } from "../capture/room.js";

/** The door's program with its standard streams, framed as the engine frames them, taken up here. */
async function openedDoor(accept: (connection: Connection) => void) {
  const [port, names] = [await freePort(), await freePort()];
  const words = [join(PROJECT, "image/door.mjs"), "-", String(port), String(names)];
  const door = spawn(process.execPath, words, { stdio: ["pipe", "pipe", "inherit"] });
  const framed = new Transform({
    transform(bytes, _encoding, done) {
      const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
      head.writeUInt32BE(bytes.length, 4);
      done(null, Buffer.concat([head, bytes]));
    },
  });
  const attached = Duplex.from({ readable: door.stdout.pipe(framed), writable: door.stdin });
  let opened = (_hello: Connection) => {};
  const listening = new Promise<Connection>((resolve) => {
    opened = resolve;
  });
  const hangUp = takeConnections(carrierOf(attached), (connection) => {
    connection.on("error", () => {});
    connection.once("data", (lead: Buffer) => {
      const [line = "", ...rest] = lead.toString("latin1").split("\r\n");
      if (line.startsWith("HELLO")) return opened(connection);
      if (!line.startsWith("PROXY")) return;
      connection.pause();
      const first = rest.join("\r\n");
      if (first !== "") connection.unshift(Buffer.from(first, "latin1"));
      accept(connection);
    });
  });
  const hello = await listening;
  return {
    port,
    hello,
    async [Symbol.asyncDispose]() {
      const ended = once(door, "exit");
      hangUp();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Of all that comes; reading it by iteration would end the other direction, too. */
async function hashOf(bytes: Duplex): Promise<string> {
  const hash = createHash("sha256");
  bytes.on("data", (piece: Buffer) => hash.update(piece));
  bytes.resume();
  await once(bytes, "end");
  return hash.digest("hex");
}

test("each connection's bytes come whole, both ways at once, however slowly they are read", async () => {
  const said = randomBytes(1024 * 1024);
  const whole = createHash("sha256").update(said).digest("hex");
  const heard: Promise<string>[] = [];
  await using door = await openedDoor((connection) => {
    heard.push(hashOf(connection));
    for (let at = 0; at < said.length; at += 50_001) {
      // As an HTTP server writes: several pieces at once, text among them.
      connection.cork();
      connection.write(said.subarray(at, at + 1_001).toString("latin1"), "latin1");
      connection.write(said.subarray(at + 1_001, at + 50_001));
      process.nextTick(() => connection.uncork());
    }
    connection.end();
  });
  const asked = Array.from({ length: 8 }, async (_, at) => {
    const socket = connect({ port: door.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.pause();
    socket.end(said);
    await sleep(at * 50);
    return hashOf(socket);
  });
  expect(new Set(await Promise.all(asked))).toEqual(new Set([whole]));
  expect(new Set(await Promise.all(heard))).toEqual(new Set([whole]));
  expect(heard).toHaveLength(8);
});

test("who leaves on either side is gone on the other, without what was said before being lost", async () => {
  const taken: Connection[] = [];
  await using door = await openedDoor((connection) => taken.push(connection));
  const inside = connect(door.port, "127.0.0.1").on("error", () => {});
  inside.write("said");
  await expect.poll(() => taken.length).toBe(1);
  inside.resetAndDestroy();
  expect(await hashOf(taken[0] as Connection)).toBe(
    createHash("sha256").update("said").digest("hex"),
  );
  await expect.poll(() => taken[0]?.destroyed).toBe(true);

  const other = connect(door.port, "127.0.0.1");
  other.on("error", () => {});
  const closed = new Promise((resolve) => other.on("close", resolve));
  other.write(Buffer.alloc(1024 * 1024)); // more than is taken before somebody reads
  await expect.poll(() => taken.length).toBe(2);
  taken[1]?.destroy();
  await closed;
});

test("a slow reader gets all of an answer whose connection the supervisor has closed", async () => {
  const said = randomBytes(12 * 1024 * 1024);
  let tell = () => {};
  await using door = await openedDoor((connection) => {
    connection.on("close", tell);
    connection.write(said);
    connection.destroySoon();
  });
  const socket = connect({ port: door.port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  const ports = `${socket.localPort} ${door.port}`;
  tell = () => door.hello.write(`CLOSE ${ports}\r\n`);
  const hash = createHash("sha256");
  for await (const piece of socket) {
    hash.update(piece);
    await sleep(3);
  }
  expect(hash.digest("hex")).toBe(createHash("sha256").update(said).digest("hex"));
});

test("HTTP's server ends a connection as it ends a socket, also one that is kept half open", async () => {
  const taken: Connection[] = [];
  const http = createHttpServer((asked, response) => {
    if (asked.url === "/refused") return response.writeHead(401, { connection: "close" }).end("no");
    response.writeHead(200, { "content-length": 5 }).write("cut");
    setImmediate(() => response.socket?.destroySoon());
  });
  await using door = await openedDoor((connection) => {
    taken.push(connection);
    http.emit("connection", connection);
    connection.resume();
  });
  for (const [path, end] of [
    ["/refused", /no\r\n0\r\n\r\n$/],
    ["/cut", /cut$/],
  ] as const) {
    const socket = connect({ port: door.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    let text = "";
    socket.on("data", (piece) => {
      text += piece;
    });
    await once(socket, "end");
    expect(text).toMatch(end);
    await expect.poll(() => taken.at(-1)?.destroyed).toBe(true);
    socket.destroy();
  }
  expect(taken).toHaveLength(2);
});
