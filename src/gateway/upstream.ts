import type { ReplayMatch } from "../record/model-calls.js";
import type { ModelSource } from "../record/run.js";
import type { AnswerHeaders } from "./answer-headers.js";
import type { RequestFacts } from "./model-request.js";

/** One model call as the room made it, its key taken off. */
export interface ModelRequest {
  /** The call's number, as in its record. */
  seq: number;
  method: string;
  /** What follows the version: `/chat/completions`, `/responses`, `/messages`; may hold a query. */
  path: string;
  /** Only those that mean something to a model's endpoint, in lower case. */
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  /** What the body says. */
  facts: RequestFacts;
  /** Aborted when the asking program is gone; whatever is under way for it must end then. */
  signal: AbortSignal;
}

/** The answer, as it comes. Reading `body` throws where the answer breaks off. */
export interface ModelAnswer {
  status: number;
  contentType: string;
  /** What the client is told of asking again. */
  headers: AnswerHeaders;
  body: AsyncIterable<Buffer>;
  /** Why the endpoint gave no answer of a model's: then this one is the gateway's own. */
  instead?: string;
  /** The kind of a fault that was made on purpose. */
  fault?: string;
  /** How a recording came to this answer. */
  replay?: ReplayMatch;
}

/**
 * Where the gateway carries model calls to. A script, a live endpoint, a recording of either and a
 * replay are all one of these, and nothing else in the gateway knows which.
 */
export interface Upstream extends AsyncDisposable {
  readonly source: ModelSource;
  /** Answers one call. Rejects where no answer can be had, or when the request's signal aborts. */
  ask(request: ModelRequest): Promise<ModelAnswer>;
  /**
   * Writes what is to be kept of the calls, once the agent makes no more. Gives what could not be
   * kept and why, or null. Never rejects.
   */
  finish?(): Promise<string | null>;
}
