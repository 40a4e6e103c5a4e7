import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { forbidden } from "../../src/gateway/egress-address.js";
import { GREETING, type Neighbourhood, openNeighbourhood } from "./neighbourhood.js";
import { openSealedRoom, type SealedRoom } from "./sealed-room.js";

const PROBE = readFileSync(join(import.meta.dirname, "probe.py"), "utf8");
const SEALED = { mode: "model-only" as const, allowHosts: [] };

let around: Neighbourhood;
beforeAll(async () => {
  around = await openNeighbourhood();
}, 60_000);
afterAll(() => around[Symbol.asyncDispose]());

interface Told {
  what: string;
  out: boolean;
  said: string;
}
const toLines = (text: string): Told[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("a sealed room", () => {
  test("nothing gets out, and all that spoke to the door is recorded with its process", async () => {
    await using sealed = await openSealedRoom(SEALED);
    const { outside, port } = around;
    const plan = {
      addresses: [...outside, "127.0.0.1", "::1"],
      ...{ port, names: ["secret.example", "deep.down.host.test"] },
      ...{ abstract: "\u0000opencode-capture-test", gateway: sealed.gateway.socket },
    };
    const probed = await sealed.run(["python3", "-c", PROBE, JSON.stringify(plan)]);
    const told = toLines(probed.text);
    expect(told.filter(({ out }) => out)).toEqual([]);
    expect(told.length).toBeGreaterThan(40);
    expect(around.reached).toEqual([]);

    // As the agent, which may kill whatever it can see.
    await sealed.run(["sh", "-c", "kill -9 -1"]);
    const after = await sealed.run([
      "python3",
      "-c",
      PROBE,
      JSON.stringify({ ...plan, addresses: [], names: ["after.example"] }),
    ]);
    expect(toLines(after.text).find(({ what }) => what === "no key")?.said).toContain("401");

    const { network, processes } = await sealed.observed();
    const probe = processes.find(
      ({ argv }) => argv[0] === "python3" && argv.at(-1)?.includes("secret.example"),
    );
    expect(probe).toBeDefined();
    const asked = network.names.filter((each) => each.process === probe?.key);
    const names = new Set(asked.map(({ name }) => name));
    const expected = [
      ...plan.addresses.map((address) => address),
      ...[...plan.names, "bind.example", "udp.example", "whole.tunnel.example"],
      ...Array.from({ length: 20 }, (_, at) => `data${at}.\\000\\255\\046.tunnel.example`),
    ];
    expect(expected.filter((name) => !names.has(name))).toEqual([]);
    const kinds = asked.filter(({ name }) => name === "secret.example").map(({ type }) => type);
    expect(kinds.sort()).toEqual(["A", "AAAA", "connect", "socks4", "socks5"]);
    const attempts = network.connections.filter(
      ({ purpose, process }) => purpose === "outside" && process === probe?.key,
    );
    for (const address of outside.filter((each) => !each.includes(":"))) {
      for (const protocol of ["connect", "socks4", "socks5"])
        expect(attempts).toContainEqual(
          expect.objectContaining({ protocol, remote: `${address}:${port}`, verdict: "refused" }),
        );
    }
    const keys = attempts.filter(({ protocol }) => protocol === "gateway");
    expect(keys).toMatchObject([
      { verdict: "refused", reason: "not the key of this room", attempts: 2 },
      { verdict: "refused", reason: "no HTTP" },
    ]);
    expect(attempts.filter(({ verdict }) => verdict === "allowed")).toEqual([]);
    expect(network.coverage.blind_spots.join("\n")).toContain(
      "a plain address over TCP, UDP or ICMP",
    );
    expect(network.coverage.lost_events).toBe(0);
  });
});

describe("a room with allowed hosts", () => {
  test("reaches those and no other, by proxy, tunnel and SOCKS, and the bytes are counted", async () => {
    const { neighbour: inside, port } = around;
    const allowHosts = [`registry.example:${port}`, `*.mirror.example:${port}`];
    await using allowing = await openSealedRoom(
      { mode: "allow", allowHosts },
      {
        surroundings: {
          // The test's own names; `rebound` leads to this host, as an attacker's resolver would say.
          resolve: async (host) => (host.startsWith("rebound") ? ["172.17.0.1"] : [inside]),
          forbidden: (found) => (found === inside ? null : forbidden(found)),
        },
      },
    );
    const curl = async (...words: string[]) => {
      const ran = await allowing.run(["curl", "-sS", "--max-time", "10", ...words]);
      return ran.text;
    };
    const proxy = ["-x", "http://127.0.0.1:8000"];
    const at = (host: string) => `http://${host}:${port}/package.tgz`;
    expect(await curl(...proxy, at("registry.example"))).toBe(GREETING);
    expect(await curl(...proxy, "-p", at("deep.mirror.example"))).toBe(GREETING);
    expect(await curl("--socks5-hostname", "127.0.0.1:8000", at("registry.example"))).toBe(
      GREETING,
    );
    expect(await curl(...proxy, at("other.example"))).toContain("may not reach this host");
    expect(await curl(...proxy, "-p", at("other.example"))).toContain("403");
    expect(await curl(...proxy, at("rebound.mirror.example"))).toContain("may not reach this host");
    expect(await curl(...proxy, "http://registry.example/")).toContain("may not reach this host");
    expect(await curl(at("registry.example"))).toContain("Could not resolve host");

    const { network } = await allowing.observed();
    const outside = network.connections.filter(({ purpose }) => purpose === "outside");
    const allowed = outside.filter(({ verdict }) => verdict === "allowed");
    expect(allowed.map(({ protocol, remote_name }) => [protocol, remote_name])).toEqual([
      ["http-proxy", "registry.example"],
      ["connect", "deep.mirror.example"],
      ["socks5", "registry.example"],
    ]);
    for (const one of allowed) {
      expect(one).toMatchObject({ remote_address: inside, process: expect.any(String) });
      expect(one.sent_bytes).toBeGreaterThan(50);
      expect(one.received_bytes).toBeGreaterThan(GREETING.length);
    }
    expect(outside.filter(({ verdict }) => verdict === "refused")).toMatchObject([
      { remote: `other.example:${port}`, protocol: "http-proxy", reason: "not an allowed host" },
      { remote: `other.example:${port}`, protocol: "connect", reason: "not an allowed host" },
      { remote_name: "rebound.mirror.example", reason: "172.17.0.1 is a private address" },
      { remote: "registry.example:80", reason: "not an allowed host" },
    ]);
    expect(network.policy).toContain("registry.example");
    expect(around.reached).toEqual([]);
  });
});

describe("an open room", () => {
  test("reaches what the engine's network reaches, and that is said and seen", async () => {
    await using open = await openSealedRoom({ mode: "open", allowHosts: [] });
    const { neighbour: address, port } = around;
    const hold = `exec 3<>/dev/tcp/${address}/${port} && sleep 0.5 && echo through`;
    expect((await open.run(["bash", "-c", hold])).text).toBe("through\n");
    await open.run(["getent", "hosts", "nowhere.test"]);
    const { network } = await open.observed();
    expect(network.policy).toMatch(/^open/);
    expect(network.coverage.blind_spots.join()).toContain("bound by nothing here");
    expect(network.connections).toContainEqual(
      expect.objectContaining({
        remote: `${address}:${port}`,
        verdict: "allowed",
        purpose: "outside",
      }),
    );
    expect(network.names.find(({ name }) => name === "nowhere.test")?.answer).toMatch(
      /NXDOMAIN|no answer|no records|SERVFAIL/,
    );
  });
});

describe("a flood", () => {
  test("of questions is bounded and counted, and the gateway still answers after it", async () => {
    await using sealed = await openSealedRoom(SEALED);
    const flood = `
import socket, time
asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
head = bytes.fromhex("000701000001000000000000")
for n in range(20000):
    label = b"x%d" % n
    asker.sendto(head + bytes([len(label)]) + label + b"\\x05flood\\x04test\\0\\0\\1\\0\\1", ("127.0.0.1", 53))
time.sleep(1)
`;
    expect(await sealed.run(["python3", "-c", flood])).toMatchObject({ code: 0 });
    const after = await sealed.run(["getent", "hosts", "after.test"]);
    expect(after.code).toBe(2);
    expect(await answered(sealed)).toBe(true);
    const { network } = await sealed.observed();
    const told = network.names.reduce((sum, { attempts = 1 }) => sum + attempts, 0);
    expect(told).toBeLessThanOrEqual(10_000);
    const { lost_events } = network.coverage;
    expect(told + (network.omitted_names ?? 0) + lost_events).toBeGreaterThanOrEqual(20_000);
  });

  test("of connections that are never closed keeps nobody from the model, and is told", async () => {
    await using sealed = await openSealedRoom(SEALED);
    // The child holds them on when the exec is over.
    const hold = `
import os, socket, time
held = []
for word in [b"", b"G", b"\\5\\1", b"CONNECT a.test:1 HTTP/1.1\\r\\n\\r\\n"]:
    for n in range(150):
        try:
            one = socket.create_connection(("127.0.0.1", 8000))
            held.append(one)
            one.sendall(word)
        except OSError:
            pass
    time.sleep(1)
if os.fork() == 0:
    for fd in range(3):
        os.close(fd)
    time.sleep(60)
`;
    expect(await sealed.run(["python3", "-c", hold])).toMatchObject({ code: 0, text: "" });
    await expect.poll(() => answered(sealed), { timeout: 15_000 }).toBe(true);
    const { network } = await sealed.observed();
    const told = network.connections.filter(({ attempts }) => attempts !== undefined);
    const sum = told.reduce(
      (sum, { attempts = 0 }) => sum + attempts,
      network.coverage.lost_events,
    );
    expect(sum).toBeGreaterThan(3 * (150 - 32));
    for (const what of ["connections that say nothing", "connections with no whole request"]) {
      const reason = `one of more than 32 ${what}`;
      expect(told).toContainEqual(
        expect.objectContaining({ protocol: "gateway", reason, process: expect.any(String) }),
      );
    }
  });
});

/** Whether the gateway refuses a wrong key, as it does when it has a place for the asker. */
async function answered(sealed: SealedRoom): Promise<boolean> {
  const asked = ["-s", "--max-time", "5", "-H", "Authorization: Bearer placeholder-x"];
  const { text } = await sealed.run(["curl", ...asked, "http://127.0.0.1:8000/v1/models"]);
  return text.includes("the key of its own room only");
}
