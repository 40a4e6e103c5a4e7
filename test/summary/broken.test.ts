import { appendFile, cp, mkdir, readFile, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { RunFile } from "../../src/record/directory.js";
import { readJson } from "../../src/record/read.js";
import { Summary } from "../../src/record/summary.js";
import { fold } from "../../src/summary/fold.js";
import { summarize, writeSummary } from "../../src/summary/summary.js";
import { temporaryFolder } from "../folder.js";
import { EMPTY, event, toolPart } from "./material.js";

const golden = fileURLToPath(new URL("../golden/run", import.meta.url));
const READ = [
  ...[RunFile.run, RunFile.issue, RunFile.processes, RunFile.files, RunFile.network],
  ...[RunFile.resources, RunFile.modelCalls, RunFile.events, RunFile.session],
];

/** The rest of an earlier attempt, as it stands in a record. */
const ATTEMPT =
  '"n":1,"run_id":"x","model":"a/b","run_status":null,"run_status_reason":null,"duration_ms":null,"capture_valid":false}';

let directory: string;
beforeEach(() => {
  directory = temporaryFolder();
});

describe("a run directory that is not whole", () => {
  it("folds an empty one, naming each file that is missing", async () => {
    const summary = await summarize(directory);
    for (const file of READ.filter((name) => name !== RunFile.session))
      expect(summary.problems).toContain(`${file} is missing`);
    expect(summary.capture_valid).toBe(false);
  });

  it.each(READ)(
    "folds one whose %s is garbage, and says so without this machine's path",
    async (file) => {
      await cp(golden, directory, { recursive: true });
      await writeFile(join(directory, file), '{"format": 1, \u0000 not json\n');
      const { problems } = await summarize(directory);
      expect(problems.filter((problem) => problem.startsWith(file))).toHaveLength(1);
      expect(problems.join()).not.toContain(directory);
    },
  );

  it.each(READ)("folds one whose %s was torn in the middle", async (file) => {
    await cp(golden, directory, { recursive: true });
    const { length } = await readFile(join(directory, file));
    await truncate(join(directory, file), Math.floor(length / 2));
    const { problems } = await summarize(directory);
    expect(problems.some((problem) => problem.startsWith(file))).toBe(true);
  });

  it("does not follow a link, nor wait for a folder", async () => {
    await mkdir(join(directory, dirname(RunFile.events)), { recursive: true });
    await symlink("/etc/passwd", join(directory, RunFile.events));
    await mkdir(join(directory, RunFile.run), { recursive: true });
    const { problems, native } = await summarize(directory);
    expect(native).toEqual([]);
    expect(problems.filter((problem) => /cannot be read/.test(problem))).toHaveLength(2);
  });

  it("counts the lines of events that could not be read", async () => {
    await cp(golden, directory, { recursive: true });
    const events = join(directory, RunFile.events);
    await writeFile(events, `garbage\n{"seq":-1}\n${await readFile(events, "utf8")}{"seq":9,"ti`);
    const { problems, timeline } = await summarize(directory);
    expect(problems).toContain(`${RunFile.events} has 3 lines that could not be read`);
    expect(timeline.length).toBeGreaterThan(0);
  });

  it("folds what nests deeper than it can be written again", async () => {
    await cp(golden, directory, { recursive: true });
    const deep = `{"command":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    const part = `{"type":"tool","callID":"deep","tool":"bash","state":{"input":${deep}}}`;
    const line = `{"seq":999,"time":"","run_id":null,"hook":"event","type":"message.part.updated","data":{"properties":{"part":${part}}}}\n`;
    await appendFile(join(directory, RunFile.events), line);
    const calls = join(directory, RunFile.modelCalls);
    const [first = ""] = (await readFile(calls, "utf8")).split("\n");
    const asked = { id: "asked", name: "bash", arguments: deep };
    const call = { ...JSON.parse(first), tool_calls: [asked] };
    await appendFile(calls, `${JSON.stringify(call)}\n`);
    const run = (await readFile(join(directory, RunFile.run), "utf8")).trimEnd().slice(0, -1);
    await writeFile(
      join(directory, RunFile.run),
      `${run},"attempts":[{"later":${deep},${ATTEMPT}]}`,
    );
    await writeSummary(directory);
    const { problems, timeline, attempts } = await readJson(
      join(directory, RunFile.summary),
      Summary,
    );
    expect(problems).toContain(`${RunFile.events} has 1 lines that could not be read`);
    expect(timeline.find(({ call_id }) => call_id === "asked")?.input).toMatch(
      /^\{"command":\[{9}/,
    );
    expect(attempts?.[0]?.model).toBe("a/b");
  });

  it("writes a summary that its schema takes", async () => {
    await writeSummary(directory);
    await expect(readJson(join(directory, RunFile.summary), Summary)).resolves.toMatchObject({
      run_id: null,
    });
  });
});

describe("events that were forged", () => {
  it("do not spoil a sum", async () => {
    const message = (id: string) =>
      event("message.updated", { info: { id, role: "assistant", cost: Number.MAX_VALUE } });
    const { tokens } = fold({ ...EMPTY, events: [message("a"), message("b")] });
    expect(tokens.native?.cost).toBe(Number.MAX_VALUE);
  });

  it("fold into a valid summary, whatever they hold", () => {
    const types = ["message.part.updated", "message.updated", "permission.asked", "session.error"];
    const forged = fc.oneof(
      fc
        .tuple(fc.constantFrom(...types), fc.jsonValue())
        .map(([type, value]) => event(type, value)),
      fc.tuple(fc.string(), fc.jsonValue()).map(([type, value]) => event(type, value)),
      fc
        .tuple(fc.string(), fc.string(), fc.jsonValue())
        .map(([id, tool, state]) => toolPart(id, tool, state)),
    );
    fc.assert(
      fc.property(fc.array(forged, { maxLength: 20 }), (events) => {
        const summary = fold({ ...EMPTY, events });
        expect(Summary.safeParse(JSON.parse(JSON.stringify(summary))).success).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
