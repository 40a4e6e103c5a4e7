import type { ModelCall } from "../record/model-calls.js";
import type { AnswerListener } from "./answer-listener.js";
import type { RequestFacts } from "./model-request.js";
import type { ModelAnswer } from "./upstream.js";

/** What is known of a call, whether it is over or broke off. */
export interface Carried {
  body: Buffer;
  asked: RequestFacts;
  /** Null where none could be had. */
  answer: ModelAnswer | null;
  /** Has heard what came of the answer. */
  listener: AnswerListener;
  firstByteMs: number | null;
  responseBytes: number;
  /** What broke; null where nothing did. */
  failure: string | null;
}

/** A call's place among the others, and its times. */
export type CallPlace = Pick<ModelCall, "seq" | "started_at" | "duration_ms" | "endpoint">;

/** The line that tells of a call. */
export function lineOf(carried: Carried, place: CallPlace): ModelCall {
  const { body, asked, answer, listener, firstByteMs, responseBytes } = carried;
  const { error: told, head, isJson, ...heard } = listener.result();
  const malformed = asked.api !== "other" && !isJson;
  return {
    ...place,
    first_byte_ms: firstByteMs,
    // The gateway's own word for an endpoint that is none is no status of that endpoint.
    status: answer === null || answer.instead !== undefined ? null : answer.status,
    request_bytes: body.length,
    response_bytes: responseBytes,
    ...asked,
    ...heard,
    ...(answer?.fault === undefined ? {} : { fault: answer.fault }),
    ...(answer?.replay === undefined ? {} : { replay: answer.replay }),
    error: carried.failure ?? failureOf(answer, { told, head, malformed }),
  };
}

/**
 * The status and the endpoint's own words, or what stands in their place; an error may also come
 * within an answer that began well.
 */
function failureOf(
  answer: ModelAnswer | null,
  { told, head, malformed }: { told: string | null; head: string; malformed: boolean },
): string | null {
  if (answer === null) return told;
  if (answer.instead !== undefined) return answer.instead;
  if (answer.status < 400) return told ?? (malformed ? "the answer is not JSON" : null);
  const said = told ?? head;
  return `HTTP ${answer.status}${said === "" ? "" : `: ${said}`}`;
}
