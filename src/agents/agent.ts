import type { NativeEvent } from "../record/native-events.js";
import type { ApiStyle } from "../record/run.js";

/** What an adapter needs to know to start its agent on one issue. Paths are inside the room. */
export interface AgentTask {
  runId: string;
  issueId: string;
  /** What the agent is told, word for word. */
  prompt: string;
  /** The session's title; never shown to the model. */
  title: string;
  /** The agent's program: a path, or a name found on the room's PATH. */
  bin: string;
  /** `api`: which API to speak with the gateway; OpenAI's chat completions where it is left out. */
  model: { provider: string; name: string; api?: ApiStyle };
  /** The model gateway as the room sees it, such as `http://127.0.0.1:8000/v1`. */
  gatewayUrl: string;
  /** What stands where a key would: the real one never enters the room. */
  placeholderKey: string;
  home: string;
  /** Where the room keeps what it hands out, `/capture`; events go into its `events` folder. */
  captureDir: string;
}

/**
 * Something laid into the workspace's copy before the run. It is never part of the diff.
 * - `mount`: `source` (relative to the project's own root) is mounted over `path`, read-only, also
 *   where the workspace has such a file: the agent cannot change it.
 * - `text`, `link`: written only where the workspace has nothing at `path`.
 */
export type InjectedFile =
  | { kind: "mount"; path: string; source: string }
  | { kind: "text"; path: string; text: string }
  | { kind: "link"; path: string; target: string };

/** A command that prints the session on standard output, in the room, after the agent has ended. */
export interface SessionExport {
  command: string[];
  /** A file, relative to the project's own root, whose text is the command's last word. */
  script?: string;
  /** Beside the agent's own. */
  environment?: Record<string, string>;
  /** Where it runs, if not in the workspace. */
  directory?: string;
}

/** What the supervisor wants to know from native events. It is the agent's word. */
export interface AgentReading {
  /** How many native events were read. */
  events: number;
  /** The root session: the first that has no parent. */
  sessionId: string | null;
  /** Whether the root session has nothing to do, after its last work. */
  idle: boolean;
  /** An error that no later successful reply made good, on one line and bounded. */
  lastError: string | null;
  /** What the agent says of a model call that it is trying again now. */
  retrying: string | null;
}

/** An adapter: data and pure functions. None of them throws. */
export interface Agent {
  readonly name: string;
  /** The command executed in the room, its first word the program. */
  command(task: AgentTask): string[];
  /** The command's environment, proxies aside: those are the capture's. */
  environment(task: AgentTask): Record<string, string>;
  versionCommand(bin: string): string[];
  /** Ways to have the session, the quickest first: the next is tried where one fails. */
  sessionExports(bin: string, sessionId: string): readonly [SessionExport, ...SessionExport[]];
  /** What the workspace's copy needs before the run, for a given home in the room. */
  injection(home: string): readonly InjectedFile[];
  /** Folds native events, one by one and in order. Unknown ones change nothing but the count. */
  readonly reading: {
    readonly initial: AgentReading;
    fold(reading: AgentReading, event: NativeEvent): AgentReading;
  };
  /** The root session's id as the agent's own log tells it, for a run without native events. */
  sessionIdFromLog(text: string): string | null;
}
