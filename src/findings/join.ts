import type { FileChange, FileRead } from "../record/files.js";
import type { ObservedProcess } from "../record/processes.js";
import type { AskedCall } from "./asked.js";
import { commandLine } from "./command-line.js";
import type { Observed } from "./fact.js";

/** Where every room has the workspace. */
export const WORKSPACE = "/workspace";

/** A path of the workspace, or of the room, as an absolute path in the room. */
export function absolute(path: string): string {
  return path.startsWith("/") ? path : `${WORKSPACE}/${path}`;
}

/** Whether arguments are the agent's own. They hold the prompt, as do those of a fork before its exec. */
export function agentLines({
  run,
  processes,
}: Pick<Observed, "run" | "processes">): (argv: readonly string[]) => boolean {
  const agents = (processes?.processes ?? []).filter(({ role }) => role === "agent");
  const lines = new Set(agents.map(({ argv }) => commandLine(argv)));
  if (run !== null) lines.add(commandLine(run.agent.command));
  // The whole line is made of few: most begin with another word.
  const all = [...lines];
  return (argv) => {
    const first = (argv[0] ?? "").trimEnd();
    return all.some((line) => line.startsWith(first)) && lines.has(commandLine(argv));
  };
}

/** Which call caused what no observer tied to one. Where two come into question, none did. */
export interface Join {
  /** The process with this key, where it was observed. */
  process(key: string | null): ObservedProcess | undefined;
  /** The observed call, else the only call that asked a tool to write what is at this path now. */
  ofChange(change: FileChange): string | null;
  /**
   * The observed call, else, for what nobody was seen to read, the only call that names the file in
   * its arguments, if it was running then.
   */
  ofRead(read: FileRead): string | null;
  /**
   * The observed call, else, for what the agent itself or nobody seen has done, the only call that
   * names the host in its arguments, if it was running then. A script that one call writes and
   * another starts is thus nobody's.
   */
  ofHost(
    seen: { process: string | null; call_id: string | null },
    host: string | null,
    at: string,
  ): string | null;
}

/** How a command may name a file in the agent's home. */
function namesOf(path: string): string[] {
  const below = path.replace(/^\/home\/[^/]+\//, "");
  return [path, `~/${below}`, `$HOME/${below}`, `${HOME}/${below}`];
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's spelling
const HOME = "${HOME}";

export function joinOf(
  byKey: ReadonlyMap<string, ObservedProcess>,
  calls: readonly AskedCall[],
): Join {
  const only = (chosen: readonly AskedCall[]): string | null => {
    const ids = new Set(chosen.map(({ id }) => id));
    const [one = null] = ids;
    return ids.size === 1 ? one : null;
  };
  const writers = new Map<string, AskedCall[]>();
  for (const call of calls) {
    if (call.writes === null) continue;
    const path = absolute(call.writes);
    writers.set(path, [...(writers.get(path) ?? []), call]);
  }
  const running = (call: AskedCall, at: string): boolean => {
    const [from, to] = call.window ?? [0, 0];
    const time = Date.parse(at);
    return time >= from && time <= to;
  };
  const naming = new Map<string, readonly AskedCall[]>();
  const callsNaming = (host: string): readonly AskedCall[] => {
    const found = naming.get(host) ?? calls.filter(({ text }) => text.includes(host));
    naming.set(host, found);
    return found;
  };
  const process = (key: string | null) => byKey.get(key ?? "");
  return {
    process,
    ofChange({ call_id, change, path }) {
      const isWritten = change === "added" || change === "modified";
      return call_id ?? (isWritten ? only(writers.get(absolute(path)) ?? []) : null);
    },
    ofRead({ call_id, process, path, at }) {
      if (call_id !== null || process !== null) return call_id;
      const [call, ...others] = new Set(namesOf(path).flatMap(callsNaming));
      return call !== undefined && others.length === 0 && running(call, at) ? call.id : null;
    },
    ofHost(seen, host, at) {
      const owner = process(seen.process);
      const observed = seen.call_id ?? owner?.call_id ?? null;
      if (observed !== null || host === null) return observed;
      if (owner !== undefined && owner.role !== "agent") return null;
      const [call, ...others] = callsNaming(host);
      return call !== undefined && others.length === 0 && running(call, at) ? call.id : null;
    },
  };
}
