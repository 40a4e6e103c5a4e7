import { explain } from "../errors.js";
import type { CassetteCall } from "../record/cassette.js";
import { FORMAT } from "../record/coverage.js";
import { type Departure, type ReplayOrigin, ReplayRecord } from "../record/replay.js";
import { writeJson } from "../record/write.js";
import { retryHeaders } from "./answer-headers.js";
import type { Cassette } from "./cassette.js";
import { departureTeller } from "./departure.js";
import type { RequestFacts } from "./model-request.js";
import { finalAnswer } from "./own-answer.js";
import { fingerprintOf, partsOf, type RequestPart } from "./request-parts.js";
import type { ModelAnswer, Upstream } from "./upstream.js";

const DEPARTURES_LIMIT = 200;

/**
 * Answers from a recording, with no network and no key. The same request gets the recorded answer;
 * asked again, the next one recorded for it, and the last for good. Another request at a recorded
 * turn gets that turn's answer; at a turn that was not recorded it is refused with HTTP 400, which
 * ends the agent. Every departure goes into the file at `path`.
 */
export function replayUpstream(cassette: Cassette, origin: ReplayOrigin, path: string): Upstream {
  const used = new Set<CassetteCall>();
  const teller = departureTeller(cassette.texts);
  const counts = { exact: 0, nearest: 0, none: 0 };
  const departures: Departure[] = [];
  let omitted = 0;
  const depart = (departure: () => Departure) => {
    if (departures.length < DEPARTURES_LIMIT) departures.push(departure());
    else omitted += 1;
  };
  return {
    source: "replay",
    async ask({ seq, path: asked, body, facts, signal }) {
      const { api, purpose, turn } = facts;
      const parts = partsOf(body);
      const fingerprint = fingerprintOf(asked, parts);
      const equal = cassette.calls.filter((call) => call.fingerprint === fingerprint);
      const exact = firstUnused(equal, used);
      const found = exact ?? nearest(cassette.calls, used, facts, asked, parts);
      const matched = exact ? "exact" : found ? "nearest" : "none";
      counts[matched] += 1;
      if (found === null) {
        const why = `the recording has no ${turn === null ? purpose : `turn ${turn + 1}`}`;
        depart(() => ({ ...{ seq, purpose, turn }, recorded_seq: null, diff: "" }));
        const refusal = finalAnswer(400, api, "invalid_request_error", why);
        return { ...refusal, replay: { matched, recorded_seq: null } };
      }
      used.add(found);
      if (!exact) {
        const diff = teller.tell(found, parts);
        depart(() => ({ ...{ seq, purpose, turn }, recorded_seq: found.seq, ...diff }));
      }
      return { ...recordedAnswer(found, signal), replay: { matched, recorded_seq: found.seq } };
    },
    async finish() {
      const unused = cassette.calls.filter((call) => !used.has(call)).map(({ seq }) => seq);
      const recorded_calls = cassette.calls.length;
      const rest = { ...counts, departures, departures_omitted: omitted, unused };
      try {
        await writeJson(path, ReplayRecord, { format: FORMAT, origin, recorded_calls, ...rest });
        return null;
      } catch (error) {
        return `where the replay departed is not kept: ${explain(error)}`;
      }
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

function firstUnused(calls: readonly CassetteCall[], used: ReadonlySet<CassetteCall>) {
  return calls.find((call) => !used.has(call)) ?? calls.at(-1) ?? null;
}

/**
 * The recorded call at the same place that shares most with the request: an agent and its
 * sub-agents have a turn of the same number each.
 */
function nearest(
  calls: readonly CassetteCall[],
  used: ReadonlySet<CassetteCall>,
  { api, purpose, turn }: RequestFacts,
  path: string,
  parts: readonly RequestPart[],
): CassetteCall | null {
  const asked = new Set(parts.map(({ sha256 }) => sha256));
  const shared = (call: CassetteCall) =>
    call.parts.filter(({ sha256 }) => asked.has(sha256)).length;
  const there = calls.filter(
    (call) =>
      call.api === api &&
      call.purpose === purpose &&
      call.turn === turn &&
      (purpose !== "other" || call.path === path),
  );
  const most = Math.max(...there.map(shared));
  return firstUnused(
    there.filter((call) => shared(call) === most),
    used,
  );
}

/** The answer as it was recorded, at once: in the same pieces, broken where it was broken. */
function recordedAnswer(call: CassetteCall, signal: AbortSignal): ModelAnswer {
  if (call.status === null) throw new Error(`as recorded: ${call.broken ?? "no answer came"}`);
  return {
    status: call.status,
    contentType: call.content_type ?? "application/json",
    headers: retryHeaders(
      call.headers ?? (call.retry_after ? { "retry-after": call.retry_after } : {}),
    ),
    body: pieces(call, signal),
  };
}

async function* pieces(call: CassetteCall, signal: AbortSignal): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(call.body, call.encoding);
  let at = 0;
  for (const [, length] of call.chunks) {
    signal.throwIfAborted();
    if (length > 0) yield bytes.subarray(at, at + length);
    at += length;
  }
  if (at < bytes.length) yield bytes.subarray(at);
  if (call.broken !== null) throw new Error(`as recorded: ${call.broken}`);
}
