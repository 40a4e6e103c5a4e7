import { request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type Socket } from "node:net";
import { connect } from "node:tls";
import ipaddr from "ipaddr.js";

const WITHIN_MS = 30_000;

/** What a request to an address must be made with, so that it goes where this host's proxy wants it. */
export type Route = Pick<
  RequestOptions,
  "hostname" | "port" | "path" | "headers" | "createConnection" | "protocol"
>;

/**
 * The proxy by which this host reaches an address, as its environment says in curl's words:
 * `https_proxy` or `http_proxy`, else `all_proxy`, small letters before capital ones, but for the
 * hosts of `no_proxy`. Null for none; loopback is never reached by one. Throws where it is no http or
 * https proxy.
 */
export function proxyFor(url: URL, environment: NodeJS.ProcessEnv): URL | null {
  const said = (name: string) => environment[name] || environment[name.toUpperCase()] || "";
  const scheme = url.protocol.slice(0, -1);
  const text = said(`${scheme}_proxy`) || said("all_proxy");
  if (text === "" || isLoopback(url.hostname) || isExcepted(url, said("no_proxy"))) return null;
  const address = /^[a-z0-9+.-]+:\/\//i.test(text) ? text : `http://${text}`;
  if (/^https?:/i.test(address) && URL.canParse(address)) return new URL(address);
  throw new Error(`${scheme}_proxy: expected an http or https address of a proxy`);
}

/** Those variables of an environment that name a proxy, or what needs none. */
export function proxyVariables(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => /^(https?|all|no)_proxy$/i.test(name)),
  );
}

/**
 * How to ask an address by a proxy: an https one through a tunnel, in which the proxy sees neither
 * key nor question, an http one as a request to the proxy. Rejects where the proxy does not answer,
 * or refuses.
 */
export async function routeBy(proxy: URL, url: URL, signal: AbortSignal): Promise<Route> {
  const headers = credentials(proxy);
  if (url.protocol === "http:") {
    const { protocol, hostname, port } = proxy;
    return {
      protocol,
      hostname: bare(hostname),
      port,
      path: url.href,
      headers: { host: url.host, ...headers },
    };
  }
  const tunnel = await openTunnel(proxy, url, headers, signal);
  const host = bare(url.hostname);
  const name = isIP(host) === 0 ? { servername: host } : {};
  return {
    headers: { host: url.host },
    createConnection: () => connect({ socket: tunnel, host, ...name }),
  };
}

function openTunnel(
  proxy: URL,
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Socket> {
  const authority = `${url.hostname}:${url.port || 443}`;
  return new Promise((resolve, reject) => {
    const ask = proxy.protocol === "https:" ? httpsRequest : httpRequest;
    const asking = ask({
      ...{ host: bare(proxy.hostname), port: proxy.port, method: "CONNECT", path: authority },
      ...{ headers: { host: authority, ...headers }, signal, agent: false },
    });
    asking.setTimeout(WITHIN_MS, () => asking.destroy(new Error("the proxy did not answer")));
    asking.on("connect", ({ statusCode = 0 }, socket) => {
      socket.setTimeout(0);
      if (statusCode >= 200 && statusCode < 300) return resolve(socket as Socket);
      socket.destroy();
      reject(refusal(proxy, statusCode));
    });
    asking.on("response", (answer) => {
      answer.destroy();
      reject(refusal(proxy, answer.statusCode ?? 0));
    });
    asking.on("error", (error) => {
      reject(new Error(`the proxy ${proxy.host} was not reached: ${error.message}`));
    });
    asking.end();
  });
}

/** With the code `ERR_PROXY_REFUSED` where it would say the same again: it wants a password, or forbids. */
function refusal({ host }: URL, status: number): Error {
  const error = new Error(`the proxy ${host} answered ${status}`);
  const final = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return final ? Object.assign(error, { code: "ERR_PROXY_REFUSED" }) : error;
}

function credentials({ username, password }: URL): Record<string, string> {
  if (username === "") return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}

function isLoopback(hostname: string): boolean {
  const host = bare(hostname);
  if (isIP(host) !== 0) return ipaddr.process(host).range() === "loopback";
  return host === "localhost" || host.endsWith(".localhost");
}

/** Without the brackets of an IPv6 address. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** `example.org`, `.example.org` and `*.example.org` all stand for it and for what is below it. */
function isExcepted({ hostname, port, protocol }: URL, exceptions: string): boolean {
  const own = port || (protocol === "https:" ? "443" : "80");
  return exceptions
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((each) => each !== "")
    .some((each) => {
      if (each === "*") return true;
      const [, name = "", only = own] = /^\*?\.?(\[.*\]|[^:]*)(?::(\d+))?$/.exec(each) ?? [];
      return only === own && name !== "" && (hostname === name || hostname.endsWith(`.${name}`));
    });
}
