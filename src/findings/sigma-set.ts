import { explain } from "../errors.js";
import { RuleFault } from "./sigma-fault.js";
import { compileRule, type SigmaRule } from "./sigma-rule.js";

/** Rules, and each that cannot be used with what it needs, a sentence each. */
export interface RuleSet {
  rules: SigmaRule[];
  problems: string[];
}

/** One document of a rule file, as JSON has it; or why it is none. */
export type RuleDocument = { value: unknown } | { fault: string };

/** The rules in one file's documents; the first is named as the file. Never throws. */
export function rulesOf(documents: readonly RuleDocument[], file: string): RuleSet {
  const set: RuleSet = { rules: [], problems: [] };
  const stem = file.replace(/\.ya?ml$/i, "");
  const refuse = (why: string) => set.problems.push(`${file} was not used: ${why.slice(0, 300)}`);
  documents.forEach((document, index) => {
    if ("fault" in document) {
      refuse(document.fault);
      return;
    }
    try {
      set.rules.push(compileRule(document.value, index === 0 ? stem : `${stem}#${index + 1}`));
    } catch (error) {
      if (error instanceof RuleFault) refuse(`wrong or not supported: ${error.message}`);
      else refuse(explain(error));
    }
  });
  return set;
}

/** Both sets; a rule of `more` takes the place of one of `base` with the same name. */
export function mergeRules(base: RuleSet, more: RuleSet): RuleSet {
  const replaced = new Set(more.rules.map(({ name }) => name));
  return {
    rules: [...base.rules.filter(({ name }) => !replaced.has(name)), ...more.rules],
    problems: [...base.problems, ...more.problems],
  };
}
