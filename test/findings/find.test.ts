import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/findings/fact.js";
import { find } from "../../src/findings/find.js";
import { toSarif } from "../../src/findings/sarif.js";
import { readRules, SHIPPED_RULES } from "../../src/findings/sigma-files.js";
import { parseRules } from "../../src/findings/sigma-yaml.js";
import { TRY_LIMITS, tryRules, untriedWords } from "../../src/findings/try-rules.js";
import { FindingsResult } from "../../src/record/finding.js";
import { change, connection, fact, observed, process, turn } from "./observed.js";

const rule = (
  detection: string,
  name = "mine.yml",
  level = "high",
  category = "process_creation",
) =>
  parseRules(
    `title: Mine\nlevel: ${level}\nlogsource: { category: ${category} }\ndetection: ${detection}`,
    name,
  );
const NONE = { rules: [], problems: [] };
const EVERY = rule("{ a: { CommandLine: '*' }, condition: a }");

describe("findings", () => {
  it("join what one rule saw in one call", () => {
    const seen = observed({
      processes: [
        process("1-1", ["a"]),
        process("2-2", ["b"]),
        process("3-3", ["c"], { call_id: "call_2" }),
        process("4-4", ["d"], { call_id: null }),
      ],
    });
    const { findings } = find(seen, EVERY);
    expect(findings.map(({ call_id, evidence }) => [call_id, evidence.length])).toEqual([
      ["call_1", 2],
      ["call_2", 1],
      [null, 1],
    ]);
    expect(new Set(findings.map(({ id }) => id)).size).toBe(3);
    expect(find(seen, EVERY)).toEqual(find(seen, EVERY));
  });

  it("see each program that a process executed, and what the model asked for", () => {
    const execs = [{ at: "2026-01-02T03:04:05.000Z", argv: ["secret"], exe: "/bin/secret" }];
    const asked = turn(1, 0, [["call_9", "bash", { command: "secret --now" }]]);
    const seen = observed({ processes: [process("1-1", ["b"], { execs })], modelCalls: [asked] });
    const { findings } = find(seen, rule("{ a: { CommandLine|contains: secret }, condition: a }"));
    expect(findings.map(({ call_id }) => call_id)).toEqual(["call_1", "call_9"]);
    expect(findings[1]?.evidence).toEqual([
      {
        ...{ file: "observations/model_calls.jsonl", key: "seq 1", pointer: null },
        text: "asked for bash (call_9): secret --now",
      },
    ]);
  });

  it("leave out the agent itself, whose arguments hold the prompt", () => {
    const fork = process("1-1", ["opencode", "run", "--", "read ~/.aws/credentials"]);
    const { findings } = find(observed({ processes: [fork] }), EVERY);
    expect(findings).toEqual([]);
  });

  it("are bounded: the worst stay, no rule crowds out the others, the rest is counted", () => {
    const processes = Array.from({ length: 400 }, (_, index) =>
      process(`${index}-1`, ["x"], { call_id: `call_${index}` }),
    );
    const low = rule("{ a: { CommandLine: x }, condition: a }", "low.yml", "low");
    const rules = { rules: [...low.rules, ...EVERY.rules], problems: [] };
    const { findings, findings_omitted } = find(observed({ processes }), rules);
    expect(findings.map(({ severity }) => severity)).toEqual([
      ...Array(25).fill("high"),
      ...Array(25).fill("low"),
    ]);
    expect(findings_omitted).toBe(750);
    const many = Array.from({ length: 30 }, (_, index) => process(`${index}-1`, ["x"]));
    const [one] = find(observed({ processes: many }), EVERY).findings;
    expect([one?.evidence.length, one?.evidence_omitted]).toEqual([10, 20]);
  });

  it("say what was cut, and which rules were not used", () => {
    const long = process("1-1", ["x".repeat(70_000)], { exe: null });
    const { problems, risk } = find(observed({ processes: [long] }), {
      ...NONE,
      problems: ["a.yml was not used: the field"],
    });
    expect(problems).toEqual([
      "a.yml was not used: the field",
      "1 fields were longer than 65536 characters; rules saw their start",
    ]);
    expect(risk).toEqual({ expected: "safe", observed: null });
  });

  it("set the observed level beside the label", () => {
    const level = (severity: string) =>
      find(
        observed({ processes: [process("1-1", ["x"])] }),
        rule("{ a: { CommandLine: x }, condition: a }", "a.yml", severity),
      ).risk.observed;
    expect(level("critical")).toBe("severe");
    expect(level("high")).toBe("severe");
    expect(level("medium")).toBe("mild");
    expect(level("low")).toBe("safe");
    expect(level("informational")).toBe("safe");
    expect(find({ ...observed({}), network: null }, NONE).risk.observed).toBe(null);
  });

  it("come from nothing as well", () => {
    const nothing = { run: null, issue: null, processes: null, files: null, network: null };
    const result = find({ ...nothing, modelCalls: null, events: null, canaries: null }, EVERY);
    expect(result.findings).toEqual([]);
    expect(result.risk).toEqual({ expected: null, observed: null });
  });
});

describe("a rule that takes too long", () => {
  const slow = rule("{ a: { CommandLine|re: '^(a+)+$' }, condition: a }").rules;
  const hostile = fact({ CommandLine: `${"a".repeat(100)}b` });
  const good = fact({ CommandLine: "aaa" });
  const each = (facts: Fact[]) => (take: (fact: Fact) => void) => facts.forEach(take);

  it("leaves out that fact alone, and says so", () => {
    const tried = tryRules(slow, each([hostile, good]), {
      ...TRY_LIMITS,
      one_ms: 50,
      all_ms: 5_000,
    });
    expect(tried.found.map((one) => one.fact)).toEqual([good]);
    expect(untriedWords(tried.untried)).toEqual([
      "the rule mine took too long on 1 facts and left them out",
    ]);
  });

  it("cannot hold up the rest for ever", () => {
    const before = performance.now();
    const tried = tryRules(slow, each(Array(1_000).fill(hostile)), {
      ...TRY_LIMITS,
      one_ms: 50,
      all_ms: 300,
    });
    expect(performance.now() - before).toBeLessThan(3_000);
    expect(untriedWords(tried.untried).at(-1)).toContain("were not tried on every fact");
  });
});

describe("hostile captures", () => {
  it("never make it throw, and what it gives is as its schema says", async () => {
    const rules = await readRules(SHIPPED_RULES);
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom("__proto__", "constructor", "", "\u202e", "<script>", "a\nb", "$&", "[x](y)"),
    );
    fc.assert(
      fc.property(text, text, text, (one, two, three) => {
        const seen = observed({
          files: [one],
          processes: [process(one, [two, three], { call_id: one, parent: one, cwd: two })],
          workspace: [change(one, "deleted", { call_id: two, patch: three, written_by: [one] })],
          system: [change(two, "added", { patch: `@@\n+${three}` })],
          connections: [connection(one, { remote: two, local: three, call_id: two })],
          modelCalls: [{ ...turn(1, 0, [[one, two, { command: three }]]), text: one }],
        });
        const result = find(seen, rules);
        expect(FindingsResult.parse(result)).toEqual(result);
        for (const { evidence } of result.findings)
          for (const { text: shown } of evidence) expect(shown).not.toContain("\n");
      }),
      { numRuns: 100 },
    );
  });

  it("cannot loop through a process that is its own ancestor", () => {
    const processes = [
      process("1-1", ["npm install x"], { parent: "2-2" }),
      process("2-2", ["sh", "-c", "x"], { parent: "1-1" }),
    ];
    expect(find(observed({ processes }), NONE).findings.map((one) => one.rule)).toEqual([
      "install_script_ran",
    ]);
  });
});

describe("a SARIF log", () => {
  const seen = observed({ processes: [process("1-1", ["[x](http://h.example)", "{0}"])] });
  const result = find(seen, EVERY);
  const log = toSarif(result, { version: "1.2.3", runId: "run" });
  const [run] = log.runs;

  it("names its rules once and points into the run directory", () => {
    expect(log.version).toBe("2.1.0");
    expect(run?.tool.driver.rules.map(({ id }) => id)).toEqual(["mine"]);
    expect(run?.results).toHaveLength(1);
    expect(run?.results[0]).toMatchObject({
      ...{ ruleId: "mine", ruleIndex: 0, level: "error" },
      partialFingerprints: { "finding/v1": result.findings[0]?.id },
      locations: [
        {
          physicalLocation: {
            artifactLocation: {
              ...{ uri: "observations/process_tree.json", uriBaseId: "RUN_DIRECTORY" },
            },
          },
          logicalLocations: [{ name: "1-1", fullyQualifiedName: "/processes/1" }],
        },
      ],
    });
  });

  it("lets no captured text be a link or a placeholder", () => {
    expect(run?.results[0]?.message.text).toContain("\\[x\\](http://h.example) {{0}}");
  });
});
