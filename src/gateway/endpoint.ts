import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { errorCode, explain } from "../errors.js";
import { retryHeaders } from "./answer-headers.js";
import type { Route } from "./host-proxy.js";
import { errorAnswer, finalAnswer } from "./own-answer.js";
import type { ModelAnswer, ModelRequest } from "./upstream.js";

/** How to ask, beside what is asked. */
export interface Asking {
  /** Headers beside the request's own: a key. */
  headers?: Readonly<Record<string, string>>;
  /** An endpoint that sends nothing for so long is given up; 0 waits for ever. */
  silenceMs?: number;
  route?: Promise<Route>;
  /** Whether it has answered as a model before: then its address is right, and what fails may pass. */
  proven?: boolean;
}

/**
 * Asks an endpoint over HTTP; `base` goes up to and including the version. Where it is none of a
 * model (a redirection, which would take the key to an address that nobody named; a web page with a
 * status below 300, 404 or 405; no such host; a certificate that does not hold; no HTTP; an answer that
 * is compressed, and no error) the answer is the gateway's own: asking again is in vain, and agents
 * would do it for minutes. Rejects with the system's error, and with `silenceMs` where nothing comes
 * for so long.
 */
export async function askEndpoint(
  base: string,
  request: ModelRequest,
  asking: Asking = {},
): Promise<ModelAnswer> {
  const answer = await send(base, request, asking).catch((error: unknown) =>
    whyInVain(error, asking.proven === true),
  );
  if (typeof answer === "string") return noModel(request, answer);
  const { statusCode: status = 502 } = answer;
  const why = oddness(answer, base);
  if (why !== null) {
    answer.destroy();
    return noModel(request, why);
  }
  const headers = retryHeaders(answer.headers);
  const packed = packing(answer);
  if (packed === null) return { status, contentType: typeOf(answer), headers, body: answer };
  answer.destroy();
  if (status < 400) return noModel(request, packed);
  // Without its body, in which no key could be found.
  return { ...errorAnswer(status, request.facts.api, "api_error", packed), headers };
}

async function send(
  base: string,
  { method, path, headers, body, signal }: ModelRequest,
  { headers: more, silenceMs = 0, route: leading }: Asking,
): Promise<IncomingMessage> {
  const route = (await leading) ?? {};
  const url = new URL(base + path);
  const request = (route.protocol ?? url.protocol) === "https:" ? httpsRequest : httpRequest;
  const all = {
    ...headers,
    // Asked for plain, so that the gateway can read along.
    "accept-encoding": "identity",
    "content-length": body.length,
    ...more,
    ...route.headers,
  };
  return new Promise((resolve, reject) => {
    let answering: IncomingMessage | null = null;
    // Else the time-out of node's agent, 5 s, holds while it connects.
    const options = { ...route, method, headers: all, signal, timeout: silenceMs };
    const outgoing = request(url, options, (answer) => {
      answering = answer;
      resolve(answer);
    });
    outgoing.setTimeout(silenceMs, () => {
      const silence = new Error(`the endpoint sent nothing for ${silenceMs / 1000} s`);
      (answering ?? outgoing).destroy(silence);
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

const CHECK_URL = "check the base URL (http or https, host, and path up to the version)";

/**
 * Node's codes for what does not pass by itself, and what to do. A connection that is refused or
 * breaks may be of an endpoint that starts anew.
 */
const IN_VAIN: readonly [RegExp, string][] = [
  [/^ERR_PROXY_/, "check the proxy that this host's environment names"],
  [
    /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT_)/,
    "NODE_EXTRA_CA_CERTS names certificate authorities of your own",
  ],
  [/^(?:ENOTFOUND|EPROTO|HPE_|ERR_SSL_|ERR_TLS_)/, CHECK_URL],
];

/** Why, for an error after which asking again is in vain; any other is thrown. */
function whyInVain(error: unknown, isProven: boolean): string {
  const code = errorCode(error) ?? "";
  const advice = IN_VAIN.find(([codes]) => codes.test(code))?.[1];
  if (advice === undefined || (isProven && advice === CHECK_URL)) throw error;
  return `${explain(error).trim()}; ${advice}`;
}

/** Why an answer is none of a model's endpoint, in words; null where it may be one. */
function oddness(answer: IncomingMessage, base: string): string | null {
  const { statusCode: status = 502 } = answer;
  if (status >= 300 && status < 400) {
    return `HTTP ${status}: the endpoint redirects${whither(answer, base)}, which is not followed; ${CHECK_URL}`;
  }
  const isPage = /^\s*(?:text\/html|application\/xhtml)/i.test(typeOf(answer));
  // Any other page may be of a proxy that minds this one request: its size, its words, its key.
  if (isPage && (status < 300 || status === 404 || status === 405)) {
    return `HTTP ${status}: the endpoint answered with a web page, as no model does; ${CHECK_URL}`;
  }
  return null;
}

/** That an answer is compressed, in words; null where it is not. */
function packing({ headers }: IncomingMessage): string | null {
  const encoding = headers["content-encoding"] ?? "identity";
  return encoding === "identity"
    ? null
    : `the endpoint answered in ${encoding.slice(0, 40)}, though asked for plain`;
}

/** The host that a redirection names, and no more of it: a path may hold a secret. */
function whither({ headers: { location } }: IncomingMessage, base: string): string {
  if (location === undefined || !URL.canParse(location, base)) return "";
  const { origin } = new URL(location, base);
  return origin === new URL(base).origin ? " to another path" : ` to ${origin.slice(0, 200)}`;
}

function typeOf({ headers }: IncomingMessage): string {
  return headers["content-type"] ?? "application/json";
}

function noModel({ facts }: ModelRequest, why: string): ModelAnswer {
  const instead = `no model can be asked there: ${why}`;
  return { ...finalAnswer(400, facts.api, "invalid_request_error", instead), instead };
}
