import { askEndpoint } from "./endpoint.js";
import { proxyFor, routeBy } from "./host-proxy.js";
import type { Upstream } from "./upstream.js";
import { KEY_REMOVED, withoutKey } from "./without-key.js";

/**
 * An endpoint of the world. `baseUrl` goes up to and including the version, `https://host/v1`. The
 * key is added here, outside the room, as the path's API wants it; should the endpoint repeat it in
 * an answer, it is taken out. Null: the endpoint needs none. One that sends nothing for `silenceMs`,
 * before its answer or within it, is given up; 0 waits for ever. A proxy that `environment` names for
 * this host is used.
 */
export function liveUpstream(
  baseUrl: string,
  key: string | null,
  silenceMs = 0,
  environment: NodeJS.ProcessEnv = {},
): Upstream {
  const base = baseUrl.replace(/\/+$/, "");
  let proven = false;
  return {
    source: "live",
    async ask(request) {
      const url = new URL(base + request.path);
      const proxy = proxyFor(url, environment);
      const answer = await askEndpoint(base, request, {
        headers: keyHeaders(request.path, key),
        ...{ silenceMs, proven },
        ...(proxy === null ? {} : { route: routeBy(proxy, url, request.signal) }),
      });
      proven ||= answer.status < 300;
      if (key === null) return answer;
      const clean = (text: string) => text.replaceAll(key, KEY_REMOVED);
      return {
        ...answer,
        contentType: clean(answer.contentType),
        headers: Object.fromEntries(
          Object.entries(answer.headers).map(([name, value]) => [name, clean(value)]),
        ),
        body: withoutKey(answer.body, key),
        ...(answer.instead === undefined ? {} : { instead: clean(answer.instead) }),
      };
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Anthropic's API takes `x-api-key`, OpenAI's a bearer; each refuses or ignores the other. */
function keyHeaders(path: string, key: string | null): Record<string, string> {
  if (key === null) return {};
  return path.startsWith("/messages") ? { "x-api-key": key } : { authorization: `Bearer ${key}` };
}
