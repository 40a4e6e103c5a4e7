import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { forbidden } from "../../src/gateway/egress-address.js";
import { hostFault, isAllowed } from "../../src/gateway/egress-allow.js";
import { AllowedHost } from "../../src/record/network-policy.js";
import { allow } from "./egress-rig.js";

describe("allowed hosts", () => {
  test.each([
    ["registry.example", "registry.example", 443, true],
    ["registry.example", "REGISTRY.example.", 80, true],
    ["registry.example", "registry.example", 8080, false],
    ["registry.example:8080", "registry.example", 8080, true],
    ["registry.example:8080", "registry.example", 443, false],
    ["registry.example", "a.registry.example", 443, false],
    ["registry.example", "registry.example.evil.test", 443, false],
    ["registry.example", "evil-registry.example", 443, false],
    ["*.example.org", "a.b.example.org", 443, true],
    ["*.example.org", "example.org", 443, false],
    ["*.example.org", ".example.org", 443, false],
    ["*.example.org", "evilexample.org", 443, false],
    ["*.example.org", "evil.test\u0000.example.org", 443, false],
    ["*.example.org", "evil.test/.example.org", 443, false],
    ["[2001:db8::1]:443", "2001:db8::1", 443, true],
    ["[2001:db8::1]", "2001:0db8:0000:0000:0000:0000:0000:0001", 80, true],
    ["xn--bcher-kva.example", "XN--BCHER-KVA.example", 443, true],
  ])("%s lets %s at %i through: %s", (entry, host, port, through) => {
    expect(isAllowed(allow(AllowedHost.parse(entry)), host, port)).toBe(through);
  });

  test.each([
    "*",
    "*.org",
    "a*.example.org",
    "https://a.example",
    "a.example/x",
    "a.example:0",
    "a.example:70000",
    "a.example.",
    "b\u00fccher.example",
    "fe80::1",
    "[fe80::1%eth0]",
    "",
  ])("%j is refused as an entry", (entry) =>
    expect(AllowedHost.safeParse(entry).success).toBe(false),
  );

  test.each([
    ...["localhost", "LocalHost:8080", "a.localhost", "*.dev.localhost", "ip6-loopback"],
    ...["host.docker.internal", "*.docker.internal:443", "metadata.google.internal"],
    ...["host.containers.internal", "printer.local", "router.home.arpa", "nas.lan:80"],
    ...["127.0.0.1", "127.0.0.1:8080", "10.0.0.1", "169.254.169.254", "192.168.1.1", "0.0.0.0"],
    ...["100.64.0.1", "168.63.129.16", "255.255.255.255", "1.2.3.256", hostname()],
    ...["127.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0177.0.0.1", "1.1.1.0x1"],
    ...["*.0.0.1", "8.8.8.08", "134744072", "[::1]:443", "[::]", "[fe80::1]", "[fd00::1]"],
    ...["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[64:ff9b::7f00:1]"],
    ...["[127.0.0.1]", "[:::]", "[2001:db8::1]"],
  ])("%s can let nothing through, and that is a fault", (entry) => {
    const fault = hostFault(AllowedHost.parse(entry));
    expect(fault).toMatch(/^expected a host of the public internet, and ".*" is an? |is no IPv6/);
  });

  test.each([
    ...[
      "registry.example",
      "*.example.org:443",
      "xn--bcher-kva.example",
      "1.example",
      "0x7f.example",
    ],
    ...["internal.example", "localhost.example", "8.8.8.8:53", "[2606:4700::1111]:443"],
  ])("%s is no fault", (entry) => expect(hostFault(AllowedHost.parse(entry))).toBeNull());

  test("without a policy of allowed hosts nothing is allowed", () => {
    expect(isAllowed({ ...allow("a.example"), mode: "model-only" }, "a.example", 443)).toBe(false);
    expect(isAllowed({ ...allow("a.example"), mode: "open" }, "a.example", 443)).toBe(false);
  });
});

describe("addresses out of bounds", () => {
  test.each([
    ...["127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255"],
    ...["192.168.1.1", "169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192"],
    ...["198.18.0.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"],
    ...["::1", "::", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1"],
    ...["::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:db8::1"],
    ...["localhost", "", "1.2.3.4.5"],
  ])("%s is", (address) => expect(forbidden(address)).toEqual(expect.any(String)));

  test.each(["1.1.1.1", "2606:4700::1111"])("%s is not", (address) =>
    expect(forbidden(address)).toBeNull(),
  );
});
