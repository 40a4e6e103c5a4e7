import ipaddr from "ipaddr.js";
import type { NetworkPolicy } from "../record/network-policy.js";
import { forbidden, forbiddenName } from "./egress-address.js";

const DEFAULT_PORTS = [80, 443];
/** Nothing in which the comparison and a resolver could see different names, such as a zero byte. */
const PLAIN = /^[a-z0-9._:-]{1,253}$/;
/** What resolvers take for an IPv4 address, in whatever notation (WHATWG URL, "ends in a number"). */
const ENDS_IN_A_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;

/**
 * Whether the policy lets the room ask for a host at a port. A name is compared, never resolved: a
 * name that is not allowed must not even reach a resolver, which would carry it out.
 */
export function isAllowed({ mode, allowHosts }: NetworkPolicy, host: string, port: number) {
  const name = host.toLowerCase().replace(/\.$/, "");
  if (mode !== "allow" || !PLAIN.test(name)) return false;
  const asked = canonical(name);
  return allowHosts.some((entry) => {
    const { pattern, port: only } = partsOf(entry);
    const ports = only === null ? DEFAULT_PORTS : [only];
    if (!ports.includes(port)) return false;
    if (pattern.startsWith("*.")) return asked.endsWith(pattern.slice(1)) && !asked.startsWith(".");
    return asked === canonical(pattern);
  });
}

/**
 * What is wrong with an entry of allowed hosts that can let nothing through, for what it names is out
 * of bounds whatever the policy says; null where nothing is. `entry` has passed `AllowedHost`.
 */
export function hostFault(entry: string): string | null {
  const why = neverReached(partsOf(entry));
  return why === null ? null : `expected a host of the public internet, and "${entry}" is ${why}`;
}

function neverReached({ pattern, bracketed }: Entry): string | null {
  if (bracketed) return ipaddr.IPv6.isValid(pattern) ? forbidden(pattern) : "no IPv6 address";
  if (!ENDS_IN_A_NUMBER.test(pattern)) return forbiddenName(pattern.replace(/^\*\./, ""));
  if (ipaddr.IPv4.isValidFourPartDecimal(pattern)) return forbidden(pattern);
  return "a number, but not an address of four decimal ones";
}

interface Entry {
  /** A name, a wildcard or an address. */
  pattern: string;
  bracketed: boolean;
  port: number | null;
}

function partsOf(entry: string): Entry {
  const [, literal, name = "", port] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  return {
    pattern: literal ?? name,
    bracketed: literal !== undefined,
    port: port === undefined ? null : Number(port),
  };
}

/** One spelling for each IPv6 address; anything else as it is. */
function canonical(host: string): string {
  return ipaddr.IPv6.isValid(host) ? ipaddr.IPv6.parse(host).toString() : host;
}
