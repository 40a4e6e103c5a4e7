import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Seeker } from "../canaries/seek.js";
import { explain } from "../errors.js";
import type { ModelCall } from "../record/model-calls.js";
import { retryAfterIn } from "./answer-headers.js";
import { answerListener } from "./answer-listener.js";
import { type Carried, lineOf } from "./call-line.js";
import { type RequestFacts, readRequest } from "./model-request.js";
import { finalAnswer } from "./own-answer.js";
import { type RequestBodies, requestBodies } from "./request-body.js";
import { retryCounter } from "./retries.js";
import { canariesShown } from "./shown-canaries.js";
import type { Upstream } from "./upstream.js";

/**
 * Headers of the room that mean something to the upstream; keys and hop-by-hop ones do not pass, nor
 * does the content's type: it is JSON that is judged, so nothing else may be made of it.
 */
const PASSED_ON = ["accept", "openai-beta", "anthropic-version", "anthropic-beta"];

/** What of a call's end is not in its line. */
export interface CallEnding {
  /** When to ask again, in the form of Retry-After; null where the answer does not say. */
  retryAfter: string | null;
  /** Whether the upstream had its say: not where the room's program went away or was not read. */
  heardUpstream: boolean;
}

/** Why a request must not go to the model's provider, for what it would have it reach; else null. */
export type Judge = (
  asked: Pick<RequestFacts, "provider_hosts" | "unread_because">,
) => Promise<string | null>;

/** A call that is over, however it ended. */
export interface CarriedCall {
  call: ModelCall;
  ending: CallEnding;
}

/** Carries one call to the upstream and its answer back. Never rejects: what fails is in the record. */
export type Carrier = (
  incoming: IncomingMessage,
  response: ServerResponse,
  judge: Judge,
) => Promise<CarriedCall>;

/** A carrier to one upstream; it numbers the calls and their retries, and looks for canaries in them. */
export function carrierTo(upstream: Upstream, seeker: Seeker): Carrier {
  const numberRetry = retryCounter();
  const bodies = requestBodies();
  let calls = 0;
  return async (incoming, response, judge) => {
    calls += 1;
    const seq = calls;
    const started_at = new Date().toISOString();
    const since = stopwatch();
    const endpoint = (incoming.url ?? "/").slice(0, 500);
    const asking: Asking = { incoming, response, judge, seq, path: versionless(endpoint), since };
    const { carried, ending } = await carryOne(upstream, bodies, asking);
    const call = lineOf(carried, { seq, started_at, duration_ms: since(), endpoint });
    const canaries = canariesShown(seeker, carried.body);
    const retry = numberRetry(call, carried.body);
    return { call: { ...call, retry, ...(canaries.length === 0 ? {} : { canaries }) }, ending };
  };
}

/** One call, as it came. */
interface Asking {
  incoming: IncomingMessage;
  response: ServerResponse;
  judge: Judge;
  seq: number;
  /** What follows the version. */
  path: string;
  /** Whole ms since it came. */
  since(): number;
}

async function carryOne(
  upstream: Upstream,
  bodies: RequestBodies,
  { incoming, response, judge, seq, path, since }: Asking,
): Promise<{ carried: Carried; ending: CallEnding }> {
  const gone = new AbortController();
  response.once("close", () => gone.abort(new Error("the asking program went away")));
  const carried = nothingYet(path);
  let heardUpstream = false;
  try {
    const body = await bodies.read(incoming);
    const facts = readRequest(path, body);
    Object.assign(carried, { body, asked: facts });
    const refusal = await judge(facts);
    heardUpstream = refusal === null;
    carried.answer =
      refusal === null
        ? await upstream.ask({
            ...{ seq, path, body, facts },
            method: incoming.method ?? "POST",
            headers: passedOn(incoming),
            signal: gone.signal,
          })
        : finalAnswer(403, facts.api, "permission_error", refusal);
    await passBack(carried, response, gone.signal, since);
  } catch (error) {
    if (gone.signal.aborted) heardUpstream = false;
    carried.failure = explain(gone.signal.aborted ? gone.signal.reason : error);
    endWithout(response);
  } finally {
    bodies.release(carried.body);
  }
  const retryAfter = carried.answer && retryAfterIn(carried.answer.headers);
  return { carried, ending: { retryAfter, heardUpstream } };
}

function nothingYet(path: string): Carried {
  const body = Buffer.alloc(0);
  return {
    ...{ body, asked: readRequest(path, body), answer: null },
    ...{ listener: answerListener("other", ""), firstByteMs: null, responseBytes: 0 },
    failure: null,
  };
}

/** Gives an answer to the asker as it comes, and listens to it. Throws where either side breaks off. */
async function passBack(
  carried: Carried,
  response: ServerResponse,
  signal: AbortSignal,
  since: () => number,
): Promise<void> {
  const { answer, asked } = carried;
  if (answer === null) return;
  carried.listener = answerListener(asked.api, answer.contentType);
  response.writeHead(answer.status, { "content-type": answer.contentType, ...answer.headers });
  for await (const chunk of answer.body) {
    carried.firstByteMs ??= since();
    carried.responseBytes += chunk.length;
    // What comes in one turn of the loop, with the head and the end, goes out in one piece: each
    // piece wakes the door and the agent.
    response.cork();
    setImmediate(() => response.uncork());
    if (!response.write(chunk)) await once(response, "drain", { signal });
    carried.listener.hear(chunk);
  }
  response.end();
}

/** Ends an answer that cannot be had, or not to its end: then the asker sees it broken. */
function endWithout(response: ServerResponse): void {
  if (!response.headersSent) {
    response.writeHead(502, { "content-type": "application/json", connection: "close" });
    response.end(JSON.stringify({ error: { message: "the model could not be reached" } }));
    return;
  }
  // What was written in this turn of the loop reaches the socket with the next.
  setImmediate(() => response.socket?.destroySoon());
}

function passedOn({ headers }: IncomingMessage): Record<string, string> {
  const passed = PASSED_ON.flatMap((name) => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value]] : [];
  });
  return { "content-type": "application/json", ...Object.fromEntries(passed) };
}

function versionless(endpoint: string): string {
  return endpoint.replace(/^\/v1(?=\/|$)/, "");
}

function stopwatch(): () => number {
  const started = performance.now();
  return () => Math.round(performance.now() - started);
}
