import { parseAllDocuments } from "yaml";
import { explain } from "../errors.js";
import { type RuleDocument, type RuleSet, rulesOf } from "./sigma-set.js";

/** The documents of a rule file, of which there may be more than one. Never throws. */
export function documentsIn(text: string): RuleDocument[] {
  try {
    // A `%` or an unknown tag makes a warning alone; printing it is the caller's business.
    const documents = [...parseAllDocuments(text, { logLevel: "error", schema: "core" })];
    return documents.map((document) => {
      const fault = document.errors[0];
      if (fault !== undefined) return { fault: `it is no YAML: ${fault.message.split("\n")[0]}` };
      try {
        return { value: document.toJS({ maxAliasCount: 50 }) };
      } catch (error) {
        return { fault: explain(error) };
      }
    });
  } catch (error) {
    return [{ fault: explain(error) }];
  }
}

/** The rules in one file's text. Never throws. */
export function parseRules(text: string, file: string): RuleSet {
  return rulesOf(documentsIn(text), file);
}
