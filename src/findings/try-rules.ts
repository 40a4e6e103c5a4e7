import type { Category, Fact } from "./fact.js";
import { groupBy } from "./scene.js";
import { type Sieve, sieveOf } from "./sieve.js";
import { withinTime } from "./sigma-regex.js";
import type { SigmaRule } from "./sigma-rule.js";

/** A rule and a fact that it fits. */
export interface Found {
  rule: SigmaRule;
  fact: Fact;
}

/** What the rules found, what could not be tried, and what is left of the limits. */
export interface Tried {
  found: Found[];
  untried: Untried;
  left: TryLimits;
}

/** Nothing is in here exactly when each rule was tried on every fact, and saw all of it. */
interface Untried {
  /** Facts past the bound. */
  facts: number;
  /** Fields that were cut. */
  fields: number;
  /** On how many facts each rule took too long. */
  slow: ReadonlyMap<SigmaRule, number>;
  /** Those for which the time was used up before they had seen every fact. */
  late: ReadonlySet<SigmaRule>;
}

/** The longest that one rule may take on one fact, and all rules together, and the facts that they see. */
export interface TryLimits {
  one_ms: number;
  all_ms: number;
  facts: number;
}

export const TRY_LIMITS: TryLimits = { one_ms: 500, all_ms: 30_000, facts: 250_000 };

/** The characters of a field that the rules look at. */
const FIELD_LIMIT = 65_536;

/** One rule's way through the facts. */
interface Trial {
  rule: SigmaRule;
  found: Fact[];
  /** Facts on which it took too long. */
  given: number;
  /** The time for all was used up before it had seen every fact. */
  cut: boolean;
}

/**
 * Tries each rule on each fact of its category that `each` hands over, within time: a fact on which a
 * rule takes too long is left out of that rule alone, so that one hostile text does not hide the
 * others. What is found is in the order of the rules, then of the facts; facts are let go once they
 * were tried.
 */
export function tryRules(
  rules: readonly SigmaRule[],
  each: (take: (fact: Fact) => void) => void,
  limits: TryLimits = TRY_LIMITS,
): Tried {
  const trials = rules.map((rule): Trial => ({ rule, found: [], given: 0, cut: false }));
  const sifts = new Map(
    [...groupBy(trials, ({ rule }) => rule.category)].map(([category, those]) => [
      category,
      siftOf(those),
    ]),
  );
  let left_ms = limits.all_ms;
  const { taken, facts, fields } = inBatches(each, limits.facts, (category, batch) => {
    const started = performance.now();
    const sift = sifts.get(category);
    if (sift !== undefined) tryAll(sift(batch), { ...limits, all_ms: left_ms });
    left_ms -= performance.now() - started;
  });
  const slow = trials.filter(({ given }) => given > 0);
  const late = trials.filter(({ cut }) => cut);
  return {
    found: trials.flatMap(({ rule, found }) => found.map((fact) => ({ rule, fact }))),
    untried: {
      ...{ facts, fields },
      slow: new Map(slow.map(({ rule, given }) => [rule, given])),
      late: new Set(late.map(({ rule }) => rule)),
    },
    left: { ...limits, all_ms: Math.max(0, left_ms), facts: limits.facts - taken },
  };
}

/** What was found in two tryings of the same rules, the second within what the first left of the limits. */
export function joinTried(rules: readonly SigmaRule[], one: Tried, other: Tried): Tried {
  const places = new Map(rules.map((rule, place) => [rule, place]));
  const placeOf = ({ rule }: Found) => places.get(rule) ?? rules.length;
  const slow = new Map(one.untried.slow);
  for (const [rule, facts] of other.untried.slow) slow.set(rule, facts + (slow.get(rule) ?? 0));
  return {
    found: [...one.found, ...other.found].sort((a, b) => placeOf(a) - placeOf(b)),
    untried: {
      facts: one.untried.facts + other.untried.facts,
      fields: one.untried.fields + other.untried.fields,
      slow,
      late: new Set([...one.untried.late, ...other.untried.late]),
    },
    left: other.left,
  };
}

/** What could not be tried, a sentence each; none where everything was. */
export function untriedWords({ facts, fields, slow, late }: Untried): string[] {
  return [
    ...(fields > 0
      ? [`${fields} fields were longer than ${FIELD_LIMIT} characters; rules saw their start`]
      : []),
    ...(facts > 0
      ? [`${facts} facts past the bound of ${TRY_LIMITS.facts} were shown to no rule`]
      : []),
    ...[...slow].map(
      ([{ name }, given]) => `the rule ${name} took too long on ${given} facts and left them out`,
    ),
    ...(late.size > 0
      ? [`${late.size} rules were not tried on every fact: the time for all was used up`]
      : []),
  ];
}

/** Facts of one category at a time, so many as are worth the start of a watch over their time. */
const BATCH = 2_500;

/** Returns how many facts were taken and had to be left out, and how many fields had to be cut. */
function inBatches(
  each: (take: (fact: Fact) => void) => void,
  atMost: number,
  take: (category: Category, batch: readonly Fact[]) => void,
): Pick<Untried, "facts" | "fields"> & { taken: number } {
  const held = new Map<Category, Fact[]>();
  let [taken, facts, fields] = [0, 0, 0];
  each((fact) => {
    if (taken >= atMost) {
      facts += 1;
      return;
    }
    taken += 1;
    fields += shorten(fact.fields);
    const batch = held.get(fact.category) ?? [];
    if (batch.push(fact) === 1) held.set(fact.category, batch);
    if (batch.length < BATCH) return;
    held.delete(fact.category);
    take(fact.category, batch);
  });
  for (const [category, batch] of held) take(category, batch);
  return { taken, facts, fields };
}

/** Cuts fields that are too long, and says how many there were. */
function shorten(fields: Fact["fields"]): number {
  let cut = 0;
  for (const name in fields) {
    const text = fields[name] ?? "";
    if (text.length <= FIELD_LIMIT) continue;
    fields[name] = text.slice(0, FIELD_LIMIT);
    cut += 1;
  }
  return cut;
}

/** A rule and those facts of a batch that it may fit. */
interface Task {
  trial: Trial;
  facts: readonly Fact[];
}

/** Tells which of the facts each rule may fit, by the words that it needs; rules that fit none are left out. */
function siftOf(trials: readonly Trial[]): (facts: readonly Fact[]) => Task[] {
  const words = trials.flatMap(({ rule }, search) =>
    (rule.matches.needs ?? []).map(({ field, text }) => ({ field, text, search })),
  );
  const sieves = [...groupBy(words, ({ field }) => field)].map(
    ([field, those]) => [field, remembering(sieveOf(those))] as const,
  );
  return (facts) => {
    const fitting = trials.map((): Fact[] => []);
    /** Of each rule the last fact that it was given: a fact may have several of its words. */
    const last = trials.map(() => -1);
    facts.forEach((fact, at) => {
      for (const [field, searchesOf] of sieves)
        for (const search of searchesOf(fact.fields[field] ?? null)) {
          if (last[search] !== at) fitting[search]?.push(fact);
          last[search] = at;
        }
    });
    const tasks = trials.map((trial, at) => ({
      trial,
      facts: trial.rule.matches.needs === undefined ? facts : (fitting[at] ?? []),
    }));
    return tasks.filter(({ facts }) => facts.length > 0);
  };
}

/**
 * The searches that may find something in a text. Facts come in rows with the same one in a field,
 * such as a folder or a parent's command: it is looked at once for a row.
 */
function remembering(sieve: Sieve): (text: string | null) => readonly number[] {
  let known: string | null = null;
  let found: number[] = [];
  const take = (search: number) => void found.push(search);
  return (text) => {
    if (text === known) return found;
    [known, found] = [text, []];
    if (text !== null) sieve(text.toLowerCase(), take);
    return found;
  };
}

function tryAll(tasks: readonly Task[], limits: TryLimits): void {
  const end = performance.now() + limits.all_ms;
  let [task, at] = [0, 0];
  const goOn = () => {
    for (; task < tasks.length; [task, at] = [task + 1, 0]) {
      const { trial, facts } = tasks[task] as Task;
      for (; at < facts.length; at += 1) {
        const fact = facts[at];
        if (fact !== undefined && trial.rule.matches(fact)) trial.found.push(fact);
      }
    }
  };
  while (task < tasks.length) {
    const left = end - performance.now();
    if (left <= 0) break;
    const [fromTask, from] = [task, at];
    if (withinTime(Math.min(left, limits.one_ms), goOn)) return;
    if (task !== fromTask || at !== from) continue;
    const stuck = tasks[task];
    if (stuck !== undefined) stuck.trial.given += 1;
    at += 1;
  }
  for (const { trial } of tasks.slice(task)) trial.cut = true;
}
