import { once } from "node:events";
import type { ModelApi } from "../record/model-calls.js";
import { errorAnswer, whole } from "./own-answer.js";
import type { Fault } from "./script.js";
import type { ModelAnswer, ModelRequest } from "./upstream.js";

/** Where a fault is an answer of its own: the status, and Anthropic's word for the kind of error. */
const ERRORS = {
  // The words are those of Google's endpoints, which refuse so by place.
  location: [400, "invalid_request_error", "User location is not supported for the API use."],
  unauthorized: [401, "authentication_error", "Incorrect API key provided."],
  rate_limit: [429, "rate_limit_error", "Rate limit reached."],
  server_error: [500, "api_error", "The server had an error while processing the request."],
} as const;

/**
 * Lets a call go wrong as a script asks. `answer` gives what would have come; only a cut stream
 * needs it. Rejects where the asker goes away before a silence ends, which it never does by itself.
 */
export async function goWrong(
  { kind, retry_after_seconds }: Fault,
  api: ModelApi,
  request: ModelRequest,
  answer: () => Promise<ModelAnswer>,
): Promise<ModelAnswer> {
  switch (kind) {
    case "cut": {
      const healthy = await answer();
      return { ...healthy, body: firstHalf(healthy.body), fault: kind };
    }
    case "malformed":
      return { ...malformed(request), fault: kind };
    case "silence":
      await once(request.signal, "abort");
      throw request.signal.reason;
    default: {
      const [status, type, message] = ERRORS[kind];
      return {
        ...errorAnswer(status, api, type, message),
        headers: kind === "rate_limit" ? { "retry-after": String(retry_after_seconds) } : {},
        fault: kind,
      };
    }
  }
}

/** Well begun, then neither JSON nor the end of it. */
function malformed(request: ModelRequest): ModelAnswer {
  const streamed = /"stream"\s*:\s*true/.test(request.body.toString("utf8"));
  if (!streamed) return whole(200, '{"id":"malformed","choices":[{"message":{"content":"Hel');
  const text = 'data: {"id":"malformed","choices":[{"delta":{"content":"Hel\n\ndata: [DONE]\n\n';
  return { ...whole(200, text), contentType: "text/event-stream" };
}

async function* firstHalf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  const bytes = Buffer.concat(all);
  yield bytes.subarray(0, Math.ceil(bytes.length / 2));
  throw new Error("the stream was cut, as the script asks");
}
