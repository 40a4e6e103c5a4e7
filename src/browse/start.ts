import { randomUUID } from "node:crypto";
import type { Issue } from "../record/issue.js";
import { type CaptureProcess, launch, type StartRequest } from "./start-process.js";

/** How captures are started: by a command line of its own, so that the server stays responsive. */
export interface StartOptions {
  /** Program and words; those of the capture are added. It ends when its standard input closes. */
  command: readonly [string, ...string[]];
  /** The issues that there are now. Throws where their file is not valid. */
  issues(): Promise<StartIssue[]>;
}

export type StartIssue = Pick<Issue, "id" | "title" | "risk_level" | "timeout_seconds" | "network">;

/** A capture that was asked for on the page. */
export interface Started {
  id: string;
  issue: string;
  model: string | null;
  state: "waiting" | "running" | "ending" | "ended";
  /** The capture's id, once its directory is there. */
  capture: string | null;
  phase: string | null;
  /** How it ended, in words; null until then. */
  outcome: string | null;
  failed: boolean;
}

/** Captures one after another. Disposing ends the one that runs, as Ctrl-C would, and waits for it. */
export interface Starts extends AsyncDisposable {
  issues(): Promise<StartIssue[]>;
  all(): readonly Started[];
  /** Puts a capture at the end of the queue. Throws NotStarted. */
  start(request: StartRequest): Promise<Started>;
  /** Ends a capture, takes a waiting one from the queue, forgets one that has ended. */
  end(id: string): boolean;
  onChange(listener: () => void): void;
}

/** Why a capture is not started. */
export class NotStarted extends Error {
  override readonly name = "NotStarted";
}

const MAX_WAITING = 20;
const MAX_ENDED = 10;

export function openStarts({ command, issues }: StartOptions): Starts {
  const all: Started[] = [];
  const requests = new Map<string, StartRequest>();
  const listeners: (() => void)[] = [];
  let running: CaptureProcess | null = null;
  let closed = false;

  const change = (one: Started, what: Partial<Started>) => {
    Object.assign(one, what);
    for (const listener of listeners) listener();
  };
  const next = () => {
    const one = all.find(({ state }) => state === "waiting");
    const request = one && requests.get(one.id);
    if (closed || running !== null || one === undefined || request === undefined) return;
    requests.delete(one.id);
    running = launch(command, request, (news) => change(one, news));
    change(one, { state: "running" });
    void running.ended.then((ending) => {
      running = null;
      change(one, { state: "ended", ...ending });
      const past = all.filter(({ state }) => state === "ended");
      for (const old of past.slice(0, -MAX_ENDED)) all.splice(all.indexOf(old), 1);
      next();
    });
  };
  return {
    issues,
    all: () => all,
    async start(request) {
      const known = await issues();
      if (!known.some(({ id }) => id === request.issue))
        throw new NotStarted("there is no such issue");
      if (all.filter(({ state }) => state === "waiting").length >= MAX_WAITING)
        throw new NotStarted(`${MAX_WAITING} captures are waiting already`);
      const one: Started = {
        ...{ id: randomUUID(), issue: request.issue, model: request.model ?? null },
        ...{ state: "waiting", capture: null, phase: null, outcome: null, failed: false },
      };
      requests.set(one.id, request);
      all.push(one);
      change(one, {});
      next();
      return one;
    },
    end(id) {
      const one = all.find((each) => each.id === id);
      if (one === undefined) return false;
      if (one.state === "running") {
        change(one, { state: "ending" });
        void running?.interrupt();
      } else if (one.state !== "ending") {
        requests.delete(id);
        all.splice(all.indexOf(one), 1);
        change(one, {});
      }
      return true;
    },
    onChange: (listener) => void listeners.push(listener),
    async [Symbol.asyncDispose]() {
      closed = true;
      await running?.interrupt();
    },
  };
}
