import { Severity } from "../record/finding.js";
import type { Summary } from "../record/summary.js";

/** What a run did and what is worrying about it: two lines for a terminal. */
export function gist({ counts, findings, findings_omitted, risk }: Summary): [string, string] {
  const { tool_calls, processes, files_changed, attempts_refused, model_calls } = counts;
  const did = [
    several(tool_calls, "tool call"),
    several(processes, "process", "processes"),
    several(files_changed, "file changed", "files changed"),
    several(model_calls, "model call"),
    several(attempts_refused, "attempt to leave", "attempts to leave"),
  ];
  const bySeverity = [...Severity.options].reverse().flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  });
  const more = findings_omitted === 0 ? [] : [`${findings_omitted} more`];
  const found = findings.length === 0 ? "none" : [...bySeverity, ...more].join(", ");
  const observed = risk.observed ?? "cannot be said, as not everything was observed";
  return [
    did.join(", "),
    `findings: ${found}; expected ${risk.expected ?? "not said"}, observed ${observed}`,
  ];
}

function several(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
