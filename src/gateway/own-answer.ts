import type { ModelApi } from "../record/model-calls.js";
import type { ModelAnswer } from "./upstream.js";

/** Anthropic's words for the kinds of error, which OpenAI's APIs take as well. */
export type ErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "rate_limit_error"
  | "api_error";

/** An error as an API words it. */
export function errorAnswer(
  status: number,
  api: ModelApi,
  type: ErrorType,
  message: string,
): ModelAnswer {
  const error = { type, message };
  const body =
    api === "anthropic-messages"
      ? { type: "error", error }
      : { error: { ...error, param: null, code: null } };
  return whole(status, JSON.stringify(body));
}

/** Without it the SDKs of OpenAI and Anthropic ask again after some statuses below 500, too. */
export const FINAL = { "x-should-retry": "false" };

/** An error after which nobody asks again, with a status below 500 other than 408, 409 and 429. */
export function finalAnswer(...error: Parameters<typeof errorAnswer>): ModelAnswer {
  return { ...errorAnswer(...error), headers: FINAL };
}

/** An answer that is not streamed. */
export function whole(status: number, text: string): ModelAnswer {
  return { status, contentType: "application/json", headers: {}, body: each([Buffer.from(text)]) };
}

async function* each(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* pieces;
}
