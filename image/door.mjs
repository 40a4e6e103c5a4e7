// The door of a room: the only way from the room's loopback to the supervisor outside.
//   node door.mjs SOCKET GATEWAY_PORT NAMES_PORT
// SOCKET is the supervisor's Unix socket, or `-`: then all goes over standard input and output.
// It runs in a container of its own that shares nothing but the room's network, so the agent can
// neither see nor stop it. It decides nothing. What it carries out, in a connection each:
//   HELLO            once it listens; `HELLO EACCES` where the names port could not be had. Later, on
//                    the same connection, `DROPPED <n>`: how many were turned away by the bounds here
//   PROXY TCP4 …     (PROXY protocol, version 1) a TCP connection, so that the supervisor knows which
//                    of the room's ports, and so which process, asked, and which port it asked at.
//                    What comes back on the first: `CLOSE <port> <port>`, the same two of a connection
//                    that the supervisor has closed: an end alone may be that of one half.
//   NAMES            DNS questions that came as datagrams, each framed as below
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

const [socket, gatewayPort, namesPort] = process.argv.slice(2);
const LOOPBACK = "127.0.0.1";
const MAX_CONNECTIONS = { gateway: 256, names: 64 };
/** Questions that wait for the supervisor; beyond it the door answers by itself. */
const MAX_WAITING_BYTES = 1024 * 1024;
const TELL_MS = 250;
/** How long one that the supervisor has closed may leave what was said to it unread. */
const LINGER_MS = 30_000;
/** The asker's address (4 bytes), its port (2) and the message's length (2), then the message. */
const FRAME_HEAD_BYTES = 8;
const DNS_HEAD_BYTES = 12;
const NO_SUCH_NAME = 3;

// Few engines need the stream, and HTTP/2 would hold up every room's start.
const reach =
  socket === "-"
    ? (await import("./door-stream.mjs")).overStream(() => process.exit(0))
    : () => connect({ path: socket, allowHalfOpen: true });
let dropped = 0;
/** Both ends of what is carried, by the two ports of the room's. */
const carried = new Map();

function carry(inside) {
  const outside = reach();
  if (outside === null) {
    dropped += 1;
    return inside.destroy();
  }
  outside.write(
    `PROXY TCP4 ${inside.remoteAddress} ${inside.localAddress} ${inside.remotePort} ${inside.localPort}\r\n`,
  );
  const ports = `${inside.remotePort} ${inside.localPort}`;
  carried.set(ports, { inside, outside });
  inside.pipe(outside);
  outside.pipe(inside);
  inside.on("error", () => outside.destroy());
  outside.on("error", () => inside.destroy());
  inside.on("close", () => {
    if (carried.get(ports)?.inside === inside) carried.delete(ports);
    outside.destroy();
  });
  outside.on("close", () => (outside.readableEnded ? inside.destroySoon() : inside.destroy()));
}

/** Ends what the supervisor has closed, once the room has read what was said before that. */
function closeOnceRead({ inside, outside }) {
  inside.setTimeout(LINGER_MS, () => inside.destroy());
  if (outside.readableEnded) inside.destroySoon();
  else outside.once("end", () => inside.destroySoon());
}

async function listen(port, maxConnections) {
  // Else the end of an answer waits for the asker to acknowledge its beginning: 40 ms a call.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, carry);
  server.maxConnections = maxConnections;
  server.on("drop", () => {
    dropped += 1;
  });
  server.listen(Number(port), LOOPBACK);
  await once(server, "listening");
}

function carryQuestions(datagrams) {
  const outside = reach();
  outside.write("NAMES\r\n");
  outside.on("error", () => {});
  datagrams.on("message", (message, asker) => {
    if (message.length < DNS_HEAD_BYTES) return;
    if (outside.writableLength > MAX_WAITING_BYTES) {
      dropped += 1;
      message[2] |= 0x80; // an answer
      message[3] = NO_SUCH_NAME;
      return datagrams.send(message, asker.port, asker.address, () => {});
    }
    const head = Buffer.alloc(FRAME_HEAD_BYTES);
    head.set(asker.address.split(".").map(Number));
    head.writeUInt16BE(asker.port, 4);
    head.writeUInt16BE(message.length, 6);
    outside.write(Buffer.concat([head, message]));
  });
  let held = Buffer.alloc(0);
  outside.on("data", (chunk) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= FRAME_HEAD_BYTES) {
      const end = FRAME_HEAD_BYTES + held.readUInt16BE(6);
      if (held.length < end) break;
      const address = [...held.subarray(0, 4)].join(".");
      const message = held.subarray(FRAME_HEAD_BYTES, end);
      datagrams.send(message, held.readUInt16BE(4), address, () => {});
      held = held.subarray(end);
    }
  });
}

async function listenForNames(port) {
  const datagrams = createSocket("udp4");
  datagrams.bind(Number(port), LOOPBACK);
  await once(datagrams, "listening");
  datagrams.on("error", () => {});
  await listen(port, MAX_CONNECTIONS.names);
  carryQuestions(datagrams);
}

await listen(gatewayPort, MAX_CONNECTIONS.gateway);
const fault = await listenForNames(namesPort).then(
  () => "",
  (error) => ` ${error.code ?? "UNKNOWN"}`,
);

const hello = reach();
hello.write(`HELLO${fault}\r\n`);
// The supervisor is gone when this connection ends: so is the reason to be here.
hello.on("error", () => process.exit(1));
hello.on("end", () => process.exit(0));
hello.on("close", () => process.exit(0));
createInterface({ input: hello }).on("line", (line) => {
  const [, ports] = /^CLOSE (\d+ \d+)$/.exec(line) ?? [];
  const ends = carried.get(ports);
  if (ends !== undefined) closeOnceRead(ends);
});
let told = 0;
setInterval(() => {
  if (dropped !== told) hello.write(`DROPPED ${dropped}\r\n`);
  told = dropped;
}, TELL_MS);
