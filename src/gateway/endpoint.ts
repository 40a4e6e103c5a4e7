import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { errorCode, explain } from "../errors.js";
import { retryHeaders } from "./answer-headers.js";
import type { Route } from "./host-proxy.js";
import { finalAnswer } from "./own-answer.js";
import type { ModelAnswer, ModelRequest } from "./upstream.js";

/** How to ask, beside what is asked. */
export interface Asking {
  /** Headers beside the request's own: a key. */
  headers?: Readonly<Record<string, string>>;
  /** An endpoint that sends nothing for so long is given up; 0 waits for ever. */
  silenceMs?: number;
  route?: Promise<Route>;
}

/**
 * Asks an endpoint over HTTP; `base` goes up to and including the version. Where it is none of a
 * model (a redirection, which would take the key to an address that nobody named; a web page; no such
 * host; a certificate that does not hold; no HTTP; an answer that is compressed) the answer is the
 * gateway's own: asking again is in vain, and agents would do it for minutes. Rejects with the
 * system's error, and with `silenceMs` where nothing comes for so long.
 */
export async function askEndpoint(
  base: string,
  request: ModelRequest,
  asking: Asking = {},
): Promise<ModelAnswer> {
  const answer = await send(base, request, asking).catch(whyInVain);
  if (typeof answer === "string") return noModel(request, answer);
  const why = oddness(answer, base);
  if (why !== null) {
    answer.destroy();
    return noModel(request, why);
  }
  return {
    status: answer.statusCode ?? 502,
    contentType: typeOf(answer),
    headers: retryHeaders(answer.headers),
    body: answer,
  };
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
    const outgoing = request(url, { ...route, method, headers: all, signal }, (answer) => {
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
function whyInVain(error: unknown): string {
  const code = errorCode(error) ?? "";
  const advice = IN_VAIN.find(([codes]) => codes.test(code))?.[1];
  if (advice === undefined) throw error;
  return `${explain(error).trim()}; ${advice}`;
}

/** Why an answer is none of a model's endpoint, in words; null where it may be one. */
function oddness(answer: IncomingMessage, base: string): string | null {
  const { statusCode: status = 502 } = answer;
  if (status >= 300 && status < 400) {
    return `HTTP ${status}: the endpoint redirects${whither(answer, base)}, which is not followed; ${CHECK_URL}`;
  }
  const isPage = /^\s*(?:text\/html|application\/xhtml)/i.test(typeOf(answer));
  if (isPage && !mayPass(status)) {
    return `HTTP ${status}: the endpoint answered with a web page, as no model does; ${CHECK_URL}`;
  }
  const encoding = answer.headers["content-encoding"] ?? "identity";
  return encoding === "identity"
    ? null
    : `the endpoint answered in ${encoding.slice(0, 40)}, though asked for plain`;
}

/** Whether a web page with this status may be of a proxy before an endpoint that is down for now. */
function mayPass(status: number): boolean {
  return status >= 500 || [408, 409, 425, 429].includes(status);
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
