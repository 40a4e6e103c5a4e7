import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { parseFolder, readRules, SHIPPED_RULES } from "../../src/findings/sigma-files.js";
import { mergeRules } from "../../src/findings/sigma-set.js";
import { parseRules } from "../../src/findings/sigma-yaml.js";
import { temporaryFolder } from "../folder.js";
import { fact } from "./observed.js";

const HEAD = "title: A rule\nlogsource: { product: linux, category: process_creation }\n";

function only(text: string) {
  const { rules, problems } = parseRules(text, "a_rule.yml");
  expect(problems).toEqual([]);
  const [rule] = rules;
  if (rule === undefined) throw new Error("no rule");
  return rule;
}

describe("a rule", () => {
  it("reads as it is written in the wild", () => {
    const rule = only(`
title: Webshell Remote Command Execution
id: c0d3734d-330f-4a03-aae2-65dacc6a8222
status: test
description: Detects a command
references:
  - https://host.example
author: somebody
date: 2019-10-12
modified: 2022-12-25
tags:
  - attack.persistence
  - attack.credential_access
logsource:
  category: process_creation
  product: linux
detection:
  selection_img:
    - Image|endswith: '/bash'
    - CommandLine|contains: 'bash -i'
  selection_user:
    User: root
  filter_main:
    ParentImage|endswith:
      - '/cron'
      - '/sshd'
  condition: all of selection_* and not 1 of filter_main*
falsepositives:
  - Admin activity
level: critical
`);
    expect(rule).toMatchObject({
      name: "a_rule",
      severity: "critical",
      category: "process_creation",
    });
    expect(rule.tags).toContain("attack.credential-access");
    const fields = { Image: "/bin/bash", User: "root", ParentImage: "/usr/bin/node" };
    expect(rule.matches(fact(fields))).toBe(true);
    expect(rule.matches(fact({ ...fields, User: "1000" }))).toBe(false);
    expect(rule.matches(fact({ ...fields, ParentImage: "/usr/sbin/cron" }))).toBe(false);
    expect(rule.matches(fact({ User: "root", CommandLine: "sh -c bash -i" }))).toBe(true);
  });

  it("takes keywords, and a list of conditions, of which one is enough", () => {
    const text = `${HEAD}detection:\n  keywords: [one, two]\n  other: { User: root }\n  condition: [keywords, other]`;
    const rule = only(text);
    expect(rule.matches(fact({ CommandLine: "one" }))).toBe(true);
    expect(rule.matches(fact({ User: "root" }))).toBe(true);
    expect(rule.matches(fact({ User: "1000" }))).toBe(false);
    expect(rule.severity).toBe("low");
  });

  const detection = (text: string) => `${HEAD}detection:\n  ${text}`;
  it.each([
    ["a: [", "it is no YAML"],
    ["- a", "wrong or not supported: a fault"],
    ["title: A", "logsource"],
    [detection("a: { User: x }"), "no condition"],
    [detection("a: { User: x }\n  condition: []"), "no condition"],
    [detection("a: { User: x }\n  condition: b"), 'the unknown name "b"'],
    [detection("a: {}\n  condition: a"), "an empty search identifier"],
    [detection("a: { Hashes: x }\n  condition: a"), 'the field "Hashes"'],
    [detection("a: { User: x }\n  timeframe: 5m\n  condition: a"), "a timeframe"],
    [`${HEAD}level: terrible\ndetection: { a: { User: x }, condition: a }`, '"level"'],
    [`${HEAD}status: deprecated\ndetection: { a: { User: x }, condition: a }`, "status deprecated"],
    ["title: A\ncorrelation: { type: event_count }", 'another kind ("correlation")'],
    ["title: A\nfilter: {}", 'another kind ("filter")'],
    [`${HEAD.replace("linux", "windows")}detection: {}`, 'the product "windows"'],
    [`${HEAD.replace("process_creation", "image_load")}detection: {}`, 'the category "image_load"'],
    [`${HEAD.replace("category: process_creation", "service: auditd")}detection: {}`, '"auditd"'],
    [`${HEAD.replace("process_creation", "__proto__")}detection: {}`, 'the category "__proto__"'],
    [
      "a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c]",
      "alias",
    ],
  ])("that cannot be used is named with its reason: %.40j", (text, reason) => {
    const { rules, problems } = parseRules(text, "mine.yml");
    expect(rules).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain("mine.yml was not used: ");
    expect(problems[0]).toContain(reason);
  });

  it("may share a file with others; a bad one leaves the good ones", () => {
    const good = `${HEAD}detection: { a: { User: root }, condition: a }\n`;
    const { rules, problems } = parseRules(`${good}---\ntitle: B\n---\n${good}`, "many.yaml");
    expect(rules.map(({ name }) => name)).toEqual(["many", "many#3"]);
    expect(problems).toHaveLength(1);
  });
});

describe("a folder of rules", () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder();
  });

  it("is read in order, with its folders, without links, other files and huge ones", async () => {
    const good = `${HEAD}detection: { a: { User: root }, condition: a }\n`;
    mkdirSync(join(folder, "deep"));
    writeFileSync(join(folder, "b.yml"), good);
    writeFileSync(join(folder, "deep/a.yaml"), good);
    writeFileSync(join(folder, "c.txt"), good);
    writeFileSync(join(folder, "huge.yml"), "#".repeat(300_000));
    symlinkSync("b.yml", join(folder, "link.yml"));
    const { rules, problems } = await readRules(folder);
    expect(rules.map(({ name }) => name)).toEqual(["b", "a"]);
    expect(problems).toEqual(["huge.yml: larger than 262144 bytes"]);
  });

  it("replaces rules of the same name", async () => {
    const other = `${HEAD}level: high\ndetection: { a: { User: root }, condition: a }\n`;
    const base = parseRules(other.replace("high", "low"), "same.yml");
    const merged = mergeRules(base, parseRules(other, "same.yml"));
    expect(merged.rules.map(({ severity }) => severity)).toEqual(["high"]);
  });

  it("that is shipped says the same when it was parsed ahead", async () => {
    const parsed = await parseFolder(SHIPPED_RULES);
    const kept = JSON.parse(JSON.stringify(parsed));
    expect(kept).toEqual(parsed);
    const asJson = (set: unknown) => JSON.stringify(set);
    expect(asJson(await readRules(SHIPPED_RULES, kept))).toBe(
      asJson(await readRules(SHIPPED_RULES)),
    );
    const another = { ...parsed };
    const [first = ""] = Object.keys(another);
    another[first] = [{ fault: "parsed ahead" }];
    expect((await readRules(SHIPPED_RULES, another)).problems).toHaveLength(1);
  });

  it("that is shipped has no rule that cannot be used", async () => {
    const { rules, problems } = await readRules(SHIPPED_RULES);
    expect(problems).toEqual([]);
    expect(new Set(rules.map(({ title }) => title)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(rule.description, rule.name).not.toBe("");
      expect(rule.tags, rule.name).not.toEqual([]);
    }
  });
});
