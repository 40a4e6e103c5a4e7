import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sieveOf } from "../../src/findings/sieve.js";
import { readRules, SHIPPED_RULES } from "../../src/findings/sigma-files.js";
import { literalsOf } from "../../src/findings/sigma-literals.js";
import { tryRules } from "../../src/findings/try-rules.js";
import { fact } from "./observed.js";

describe("the words of a regular expression", () => {
  it.each<[string, string[] | undefined]>([
    ["abc", ["abc"]],
    ["ab+c", ["ab"]],
    ["ab?cd", ["cd"]],
    ["ab{0,2}cd", ["cd"]],
    ["(ab){2}", ["ab"]],
    ["Curl|WGET", ["curl", "wget"]],
    ["(^|[\\s;&|(/])(curl|wget)\\s", ["curl", "wget"]],
    ["a(?:bcd|efgh)?ij", ["ij"]],
    ["(?=abc)de", ["de"]],
    ["(?<!abc)d", ["d"]],
    ["\\.env\\b", [".env"]],
    ["[abc]\\]x", ["]x"]],
    ["[\\]abc]{3}d", ["d"]],
    ["é+ab", ["ab"]],
    ["abc|", undefined],
    ["(abc|d*)", undefined],
    [".*", undefined],
    ["\\x41bc", undefined],
    ["(a)\\1", undefined],
  ])("%s needs %j", (pattern, expected) => {
    expect(literalsOf(pattern)).toEqual(expected);
  });
});

describe("a sieve", () => {
  it("finds just the searches of which a word is in the text", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "/"), minLength: 1, maxLength: 5 });
    const long = fc.string({ unit: fc.constantFrom("a", "b", "/", "é", "𝒳"), maxLength: 40 });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), long, (words, text) => {
        const found = new Set<number>();
        sieveOf(words.map((text, search) => ({ text, search })))(text, (one) => found.add(one));
        const expected = words.flatMap((one, search) => (text.includes(one) ? [search] : []));
        expect([...found].sort((a, b) => a - b)).toEqual(expected);
      }),
    );
  });

  it("lets every fact through that a rule fits", async () => {
    const { rules } = await readRules(SHIPPED_RULES);
    const words = rules.flatMap(({ matches }) => (matches.needs ?? []).map(({ text }) => text));
    const piece = fc.constantFrom(
      ...[...words, ...words.map((one) => one.toUpperCase())],
      ...[" ", " -c ", "/", "; ", "|", "'", "=", "K", "ſ", "İ", "http://host.example/", "$HOME"],
    );
    const line = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
    const names = ["CommandLine", "Image", "TargetFilename", "QueryName", "Source", "Purpose"];
    const of = fc.dictionary(fc.constantFrom(...names), line, { noNullPrototype: true });
    const category = fc.constantFrom(...rules.map((rule) => rule.category));
    fc.assert(
      fc.property(fc.array(fc.tuple(of, category), { maxLength: 20 }), (all) => {
        const facts = all.map(([fields, kind]) => fact(fields, kind));
        const fitting = rules.flatMap((rule) =>
          facts
            .filter((one) => one.category === rule.category && rule.matches(one))
            .map((one) => ({ rule, fact: one })),
        );
        expect(tryRules(rules, (take) => facts.forEach(take)).found).toEqual(fitting);
      }),
    );
  });
});
