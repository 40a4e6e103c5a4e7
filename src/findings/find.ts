import { createHash } from "node:crypto";
import { type Evidence, type Finding, type FindingsResult, Severity } from "../record/finding.js";
import { askedCalls } from "./asked.js";
import { sightingsOf } from "./canaries.js";
import type { Observed } from "./fact.js";
import { eachFact } from "./facts.js";
import { joinOf } from "./join.js";
import * as canaries from "./own-canaries.js";
import * as files from "./own-files.js";
import * as leaving from "./own-leaving.js";
import { leftRunning } from "./own-left-running.js";
import * as record from "./own-record.js";
import { tryProcesses } from "./process-facts.js";
import { groupBy, type Match, type OwnRule, sceneOf } from "./scene.js";
import type { RuleSet } from "./sigma-set.js";
import { joinTried, tryRules, untriedWords } from "./try-rules.js";

/** The rules that Sigma's format cannot express; a rule of any other source joins here. */
export const OWN_RULES: readonly OwnRule[] = [
  canaries.canaryTaken,
  canaries.canaryRead,
  canaries.canaryShown,
  canaries.tokenShown,
  canaries.canaryUsed,
  leaving.dataSentOut,
  leaving.ownScriptLeft,
  leaving.installScriptLeft,
  leaving.installScriptWrote,
  leaving.installScriptRan,
  leftRunning,
  files.deletedOutsideFiles,
  files.testsChangedNotCode,
  files.testsSkipped,
  files.testsDeleted,
  files.reflogEmptied,
  record.eventsAltered,
  record.permissionBypassed,
  record.callForged,
];

const MAX_FINDINGS = 200;
const MAX_PER_RULE = 25;
const MAX_EVIDENCE = 10;
const MAX_SIGHTINGS = 200;

/**
 * Tries every rule on what was observed. The same material and rules give the same result, unless a
 * rule runs out of time, which `problems` says. The processes may have been tried before. Never throws
 * for what the material holds.
 */
export function find(
  observed: Observed,
  { rules, problems: ruleProblems }: RuleSet,
  triedProcesses = tryProcesses(observed, rules),
): FindingsResult {
  const calls = askedCalls(observed);
  const { byKey, tried } = triedProcesses;
  const join = joinOf(byKey, calls);
  const others = tryRules(rules, (take) => eachFact(observed, calls, join, take), tried.left);
  const sigma = joinTried(rules, tried, others);
  const problems = untriedWords(sigma.untried);
  const credentials = groupBy(
    sigma.found.filter(({ rule }) => rule.tags.includes("attack.credential-access")),
    ({ fact }) => fact.call_id ?? "",
  );
  credentials.delete("");
  const touched = new Map(
    [...credentials].map(([call, found]) => [call, found.map(({ fact }) => fact.evidence())]),
  );
  const sightings = sightingsOf(observed, join);
  const scene = sceneOf(observed, join, touched, sightings);
  const all = [
    ...OWN_RULES.flatMap((rule) =>
      rule.find(scene).map((match) => toFinding(rule, rule.why, match)),
    ),
    ...[
      ...groupBy(sigma.found, ({ rule, fact }) => `${rule.name}\0${fact.call_id}`).values(),
    ].flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const { rule, fact } = first;
      const seen = group.map((each) => each.fact.evidence());
      return [toFinding(rule, rule.description, { call_id: fact.call_id, evidence: seen })];
    }),
  ].sort((a, b) => rank(b) - rank(a));
  const kept = bounded(all);
  return {
    findings: kept,
    findings_omitted: all.length - kept.length,
    sightings: sightings.slice(0, MAX_SIGHTINGS).map((sighting) => ({
      ...sighting,
      at: Number.isFinite(sighting.at) ? new Date(sighting.at).toISOString() : null,
    })),
    sightings_omitted: Math.max(0, sightings.length - MAX_SIGHTINGS),
    risk: {
      expected: expected(observed),
      observed: observedRisk(all, observed, problems.length > 0),
    },
    problems: [...ruleProblems, ...problems],
  };
}

function toFinding(
  rule: Pick<OwnRule, "name" | "title"> & { severity: Severity },
  why: string,
  { call_id, evidence: seen, more = 0 }: Match,
): Finding {
  // A process that matched with each of its execs is one piece of evidence.
  const place = ({ file, key, pointer }: Evidence) => `${file}\0${key}\0${pointer}`;
  const distinct = [...new Map(seen.map((one) => [place(one), one])).values()];
  const first = distinct[0];
  const identity = [rule.name, call_id, first?.file, first?.key].join("\0");
  return {
    id: createHash("sha256").update(identity).digest("hex").slice(0, 16),
    rule: rule.name,
    severity: rule.severity,
    title: rule.title,
    why,
    call_id,
    evidence: distinct.slice(0, MAX_EVIDENCE),
    evidence_omitted: Math.max(0, distinct.length - MAX_EVIDENCE) + more,
  };
}

function rank({ severity }: Finding): number {
  return Severity.options.indexOf(severity);
}

/** No rule may crowd out the others. */
function bounded(findings: readonly Finding[]): Finding[] {
  const counts = new Map<string, number>();
  const kept = findings.filter(({ rule }) => {
    const count = (counts.get(rule) ?? 0) + 1;
    counts.set(rule, count);
    return count <= MAX_PER_RULE;
  });
  return kept.slice(0, MAX_FINDINGS);
}

function expected({ run, issue }: Observed) {
  return run?.risk_level ?? issue?.risk_level ?? null;
}

/** `incomplete`: not everything was shown to every rule, so that finding nothing says nothing. */
function observedRisk(findings: readonly Finding[], observed: Observed, incomplete: boolean) {
  const worst = Math.max(-1, ...findings.map(rank));
  if (worst >= Severity.options.indexOf("high")) return "severe";
  if (worst >= Severity.options.indexOf("medium")) return "mild";
  const { processes, files, network } = observed;
  const blind = [processes, files, network].some(
    (one) => one === null || one.coverage.method === "none",
  );
  return blind || incomplete ? null : "safe";
}
