import type { IncomingMessage, ServerResponse } from "node:http";
import type { Seeker } from "../canaries/seek.js";
import type { NetworkPolicy } from "../record/network-policy.js";
import type { Judge } from "./carry.js";
import { isAllowed } from "./egress-allow.js";
import type { Ask } from "./egress-ask.js";
import type { Attempt, AttemptResult, Client, EgressListener } from "./egress-attempt.js";
import type { DoorConnection } from "./egress-door.js";
import { forward } from "./egress-forward.js";
import { type Names, openNames } from "./egress-names.js";
import {
  NOT_ALLOWED,
  openReach,
  refused,
  SURROUNDINGS,
  type Surroundings,
} from "./egress-reach.js";
import { hostResolver } from "./egress-resolver.js";
import { socks } from "./egress-socks.js";
import { tunnel } from "./egress-tunnel.js";
import { MAX_PROVIDER_HOSTS } from "./provider-reach.js";

/** What of the world the room reaches beside its model. Each way in tells of the attempt first. */
export interface Egress {
  tunnel(
    incoming: IncomingMessage,
    inside: DoorConnection,
    early: Buffer,
    client: Client | null,
  ): void;
  forward(incoming: IncomingMessage, response: ServerResponse, client: Client | null): void;
  /** `onAsked` is called once the client has said what it wants. */
  socks(inside: DoorConnection, client: Client | null, onAsked: () => void): void;
  /**
   * Why a model call must not be carried, for what it would have the model's provider reach by
   * itself; null where the policy has nothing against it. Each host that it names is told.
   */
  forProvider(asked: Parameters<Judge>[0], client: Client | null): Promise<string | null>;
  /** Notes what was asked of the gateway itself and refused; the asker may wait for it. */
  refused(reason: string, client: Client | null): Promise<void>;
  names: Names;
}

/** Where image/door.mjs listens for the gateway. */
const GATEWAY_PORT = 8000;
const BY_PROVIDER: AttemptResult = {
  ...{ verdict: "allowed", address: null, traffic: null },
  reason: "by the model's provider, not by the room",
};

/** Opens the ways out of one room, as its policy says. */
export function openEgress(
  policy: NetworkPolicy,
  listener: EgressListener,
  seeker: Seeker,
  surroundings: Surroundings = SURROUNDINGS,
): Egress {
  const reach = openReach(policy, surroundings);
  const attempt = (via: Attempt["via"], host: string, port: number, client: Client | null) =>
    listener.onAttempt({
      ...{ at: new Date(), via, host, port },
      ...{ clientAddress: client?.address ?? null, clientPort: client?.port ?? null },
    });
  const ask: Ask = async ({ via, host, port, client, said, not }) => {
    const seeking = seeker.stream();
    seeking.take(said);
    const tell = await attempt(via, host, port, client);
    const reached = not === null ? await reach(host, port) : refused(not);
    tell?.({ ...reached.result, canaries: seeking.found });
    return { ...reached, hear: seeking.take };
  };
  const refuse = async (reason: string, client: Client | null) => {
    const tell = await attempt("gateway", "127.0.0.1", GATEWAY_PORT, client);
    tell?.(refused(reason).result);
  };
  const forProvider: Egress["forProvider"] = async (asked, client) => {
    if (policy.mode === "open") return null;
    const { provider_hosts = [], unread_because } = asked;
    const isMany = provider_hosts.length > MAX_PROVIDER_HOSTS;
    const fault = unread_because ?? (isMany ? "it names too many addresses" : null);
    if (fault !== null) {
      await refuse(`a model call not carried: ${fault}`, client);
      return `this request is not carried: ${fault}`;
    }
    let refusal: string | null = null;
    for (const each of provider_hosts) {
      const [, host = "", port = "0"] = /^\[?(.*?)\]?:(\d+)$/s.exec(each) ?? [];
      const tell = await attempt("provider", host, Number(port), client);
      const result = isAllowed(policy, host, Number(port))
        ? BY_PROVIDER
        : refused(NOT_ALLOWED).result;
      tell?.(result);
      if (result !== BY_PROVIDER)
        refusal ??= `this room may not have its model's provider reach ${host}`;
    }
    return refusal;
  };
  const serveSocks = async (...[inside, client, onAsked]: Parameters<Egress["socks"]>) => {
    if (await socks(ask, inside, client, onAsked)) return;
    await refuse("no SOCKS", client);
    inside.destroy();
  };
  return {
    tunnel: (incoming, inside, early, client) =>
      void tunnel(ask, incoming, inside, early, client).catch(() => inside.destroy()),
    forward: (incoming, response, client) =>
      void forward(ask, incoming, response, client).catch(() => response.destroy()),
    socks: (inside, ...rest) => void serveSocks(inside, ...rest).catch(() => inside.destroy()),
    forProvider,
    refused: refuse,
    names: openNames(
      (question) => listener.onQuestion?.(question),
      policy.mode === "open" ? hostResolver : null,
    ),
  };
}
