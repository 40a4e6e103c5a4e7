import { expect, test } from "vitest";
import { openSealedRoom } from "./sealed-room.js";

const SEALED = { mode: "model-only" as const, allowHosts: [] };

/** Connections that the room breaks off, far more than an HTTP/2 server lets a peer reset. */
const BREAK_OFF = `
import socket, struct, time
for n in range(1500):
    one = socket.create_connection(("127.0.0.1", 8000))
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    try:
        if n % 3 == 0: one.send(b"GET / HTTP/1.1\\r\\n")
    except OSError: pass
    one.close()
held = [socket.create_connection(("127.0.0.1", 8000)) for _ in range(400)]
for one in held[:50]:
    one.setblocking(False)
    try: one.send(b"POST / HTTP/1.1\\r\\nx: " + b"y" * 300000)
    except OSError: pass
asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
head = bytes.fromhex("000701000001000000000000")
for n in range(5000):
    label = b"x%d" % n
    asker.sendto(head + bytes([len(label)]) + label + b"\\x05flood\\x04test\\0\\0\\1\\0\\1", ("127.0.0.1", 53))
time.sleep(1)
`;

test("over the engine's stream the door carries the same, and the room cannot hinder it", async () => {
  await using sealed = await openSealedRoom(SEALED, { door: "stream" });
  const key = ["-H", "Authorization: Bearer placeholder-x"];
  const again = ["--retry", "10", "--retry-delay", "1", "--retry-all-errors"];
  const ask = ["curl", "-s", ...again, ...key, "http://127.0.0.1:8000/v1/models"];
  expect((await sealed.run(ask)).text).toContain("the key of its own room only");
  expect(await sealed.run(["python3", "-c", BREAK_OFF])).toMatchObject({ code: 0, text: "" });
  expect((await sealed.run(ask)).text).toContain("the key of its own room only");
  expect((await sealed.run(["getent", "hosts", "after.test"])).code).toBe(2);

  const { network } = await sealed.observed();
  expect(network.door).toBe("stream");
  const { blind_spots, lost_events } = network.coverage;
  expect(blind_spots.join("\n")).toContain("over the connection to the engine");
  expect(blind_spots.join("\n")).not.toContain("closed early");
  const told = network.names.reduce((sum, { attempts = 1 }) => sum + attempts, 0);
  expect(told + lost_events).toBeGreaterThanOrEqual(5000);
  // Of those that it holds, no more than 32 that say nothing and 32 that end no request have a place.
  const refused = network.connections
    .filter(({ protocol }) => protocol === "gateway")
    .reduce((sum, { attempts = 1 }) => sum + attempts, 0);
  expect(refused + sealed.gateway.door.dropped).toBeGreaterThanOrEqual(400 - 2 * 32);
});

test("a socket that the engine's containers cannot connect to is left for the stream", async () => {
  await using sealed = await openSealedRoom(SEALED, { deaf: true });
  expect((await sealed.run(["getent", "hosts", "name.test"])).code).toBe(2);
  const { network } = await sealed.observed();
  expect(network.door).toBe("stream");
  expect(network.names).toContainEqual(expect.objectContaining({ name: "name.test" }));
});
