import { RunFile } from "../record/directory.js";
import type { ObservedProcess } from "../record/processes.js";
import { commandLine } from "./command-line.js";
import { evidence } from "./evidence.js";
import type { Fact, Observed } from "./fact.js";
import { agentLines } from "./join.js";
import type { SigmaRule } from "./sigma-rule.js";
import { type Tried, tryRules } from "./try-rules.js";

/** What is found before it is known what the agent claims: that needs the processes alone. */
export interface TriedProcesses {
  byKey: ReadonlyMap<string, ObservedProcess>;
  tried: Tried;
}

/** Tries rules on every program that was executed, but on the agent's own. */
export function tryProcesses(
  observed: Pick<Observed, "processes" | "run">,
  rules: readonly SigmaRule[],
): TriedProcesses {
  const list = observed.processes?.processes ?? [];
  const byKey = new Map(list.map((process) => [process.key, process]));
  const isAgents = agentLines(observed);
  const parentLine = linesOf();
  const tried = tryRules(rules, (take) => {
    list.forEach((process, index) => {
      if (process.role !== "descendant") return;
      const parent = byKey.get(process.parent ?? "");
      const above = {
        ParentImage: parent?.exe ?? null,
        ParentCommandLine: parent?.role === "descendant" ? parentLine(parent.argv) : null,
        ParentProcessId: parent === undefined ? null : String(parent.pid),
      };
      for (const { argv, exe } of process.execs?.length ? process.execs : [process])
        if (!isAgents(argv)) take(factOf(process, index, argv, exe, above));
    });
  });
  return { byKey, tried };
}

type Above = Record<"ParentImage" | "ParentCommandLine" | "ParentProcessId", string | null>;

function factOf(
  process: ObservedProcess,
  index: number,
  argv: readonly string[],
  exe: string | null,
  above: Above,
): Fact {
  const line = commandLine(argv);
  return {
    category: "process_creation",
    fields: {
      Image: exe,
      CommandLine: line,
      ProcessId: String(process.pid),
      User: userOf(process),
      CurrentDirectory: process.cwd,
      ParentImage: above.ParentImage,
      ParentCommandLine: above.ParentCommandLine,
      ParentProcessId: above.ParentProcessId,
      CallId: process.call_id,
      Source: "observed",
    },
    call_id: process.call_id,
    evidence: () => evidence(RunFile.processes, process.key, `/processes/${index}`, line),
  };
}

export function userOf({ uid }: ObservedProcess): string | null {
  return uid === 0 ? "root" : (uid?.toString() ?? null);
}

/** Command lines; that of a parent, which is asked for with each of its children in turn, is made once. */
function linesOf(): (argv: readonly string[]) => string {
  let last: readonly string[] = [];
  let line = "";
  return (argv) => {
    if (argv !== last) [last, line] = [argv, commandLine(argv)];
    return line;
  };
}
