import { hostname, networkInterfaces } from "node:os";
import ipaddr from "ipaddr.js";

/** In ranges that look public, and yet lead to the cloud that the machine itself runs in. */
const PLATFORM = new Map([
  // Azure's own resolver and agent: learn.microsoft.com, "What is IP address 168.63.129.16?"
  ["168.63.129.16", "an address of the cloud platform"],
]);

const RANGES: Record<string, string> = {
  private: "a private address",
  uniqueLocal: "a private address",
  carrierGradeNat: "a private address",
  loopback: "a loopback address",
  linkLocal: "a link-local address, where metadata services are",
  unspecified: "an address of this machine",
};

/**
 * Last labels below which no name is the public internet's: RFC 6761 (localhost), RFC 6762 (local,
 * and what its appendix G saw in use), RFC 8375 (home.arpa), and `internal`, which ICANN set apart
 * and under which Docker, Podman and clouds name the host and its metadata.
 */
const LOCAL_NAME =
  /(?:^|\.)(?:localhost|localdomain|local|internal|home\.arpa|lan|intranet|private|corp|home|ip6-(?:localhost|loopback))$/;

/**
 * Why the room may never be taken to an address, whatever name led there; null where it may. Only
 * plain public addresses pass: nothing private, link-local, loopback, reserved or translated, and
 * none of this machine's own.
 */
export function forbidden(address: string): string | null {
  if (!ipaddr.isValid(address)) return "no address";
  const parsed = ipaddr.process(address); // an IPv4 address in IPv6 clothes is judged as IPv4
  const range = parsed.range();
  if (range !== "unicast") return RANGES[range] ?? `a ${range} address`;
  const plain = parsed.toNormalizedString();
  return PLATFORM.get(plain) ?? (isOwn(plain) ? "an address of this machine" : null);
}

/**
 * Why a name, in small letters, may never be asked for, whatever it is resolved to; null where its
 * addresses decide.
 */
export function forbiddenName(name: string): string | null {
  return LOCAL_NAME.test(name) || name === hostname().toLowerCase()
    ? "a name of this machine or of its network"
    : null;
}

function isOwn(address: string): boolean {
  return Object.values(networkInterfaces())
    .flat()
    .some((own) => own && ipaddr.process(own.address).toNormalizedString() === address);
}
