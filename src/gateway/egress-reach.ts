import { lookup } from "node:dns/promises";
import { connect, type Socket } from "node:net";
import { explain } from "../errors.js";
import type { NetworkPolicy } from "../record/network-policy.js";
import { forbidden, forbiddenName } from "./egress-address.js";
import { isAllowed } from "./egress-allow.js";
import type { AttemptResult } from "./egress-attempt.js";

/** How names become addresses, and which are out of bounds. Tests bring their own. */
export interface Surroundings {
  resolve(host: string): Promise<string[]>;
  /** Why an address is out of bounds; null where it is not. */
  forbidden(address: string): string | null;
}

export const SURROUNDINGS: Surroundings = {
  resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  forbidden,
};

/** Why a host is refused that the policy does not name. */
export const NOT_ALLOWED = "not an allowed host";
/** Connections out of one room that may be open or in the making at once. */
const MAX_OPEN = 128;
const MAX_ADDRESSES = 4;
const WITHIN_MS = 10_000;

/** A socket to the host, or none and why. */
export interface Reached {
  socket: Socket | null;
  result: AttemptResult;
}

export type Reach = (host: string, port: number) => Promise<Reached>;

/**
 * Connects to what the policy allows. The name is compared with the policy, then resolved once, then
 * each of its addresses is judged, and one of just those is connected to: a name that changes its
 * address in between changes nothing. Never rejects.
 */
export function openReach(policy: NetworkPolicy, surroundings: Surroundings): Reach {
  let open = 0;
  return async (host, port) => {
    if (!isAllowed(policy, host, port)) return refused(NOT_ALLOWED);
    const local = forbiddenName(host.toLowerCase().replace(/\.$/, ""));
    if (local !== null) return refused(`${host} is ${local}`);
    if (open >= MAX_OPEN) return refused(`more than ${MAX_OPEN} connections at once`);
    open += 1;
    const reached = await tryToReach(surroundings, host, port);
    if (reached.socket === null) open -= 1;
    else {
      reached.socket.once("close", () => {
        open -= 1;
      });
    }
    return reached;
  };
}

async function tryToReach(
  { resolve, forbidden: why }: Surroundings,
  host: string,
  port: number,
): Promise<Reached> {
  try {
    const addresses = await within(WITHIN_MS, resolve(host), "its name was not resolved");
    // One address out of bounds condemns the name: an honest one has none.
    for (const address of addresses) {
      const reason = why(address);
      if (reason !== null) return no("refused", `${address} is ${reason}`, address);
    }
    const socket = await connectToAny(addresses.slice(0, MAX_ADDRESSES), port);
    const traffic = () => ({ sent: socket.bytesWritten, received: socket.bytesRead });
    const address = socket.remoteAddress ?? null;
    return { socket, result: { verdict: "allowed", address, reason: null, traffic } };
  } catch (error) {
    return no("unreachable", explain(error));
  }
}

async function connectToAny(addresses: string[], port: number): Promise<Socket> {
  let last: unknown = new Error("its name has no address");
  for (const address of addresses) {
    try {
      return await connectTo(address, port);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

function connectTo(address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no answer from ${address} within ${WITHIN_MS / 1000} s`));
    }, WITHIN_MS);
    socket.once("error", reject);
    socket.once("close", () => clearTimeout(timer));
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", reject);
      socket.on("error", () => socket.destroy());
      resolve(socket);
    });
  });
}

/** What is refused, and why. */
export function refused(reason: string): Reached {
  return no("refused", reason);
}

function no(verdict: "refused" | "unreachable", reason: string, address?: string): Reached {
  return { socket: null, result: { verdict, address: address ?? null, reason, traffic: null } };
}

async function within<T>(ms: number, promise: Promise<T>, otherwise: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${otherwise} within ${ms / 1000} s`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
