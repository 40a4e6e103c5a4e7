import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Opening } from "../../src/browse/opening.js";
import { type Row, unpacked } from "../../src/browse/row.js";
import { EXPORT_FORMATS } from "../../src/export/formats.js";
import { RunFile, runFile } from "../../src/record/directory.js";
import { writeSummary } from "../../src/summary/summary.js";
import {
  at,
  beginCapture,
  brokenCaptures,
  copyCapture,
  GOLDEN_ID,
  HOSTILE_ID,
  remove,
  type Served,
  serve,
} from "./captures.js";

let served: Served;
beforeAll(async () => {
  served = await serve(brokenCaptures);
});
afterAll(() => served[Symbol.asyncDispose]());

const rows = async (from = served): Promise<Row[]> => {
  const { text } = await from.ask("/api/captures");
  const [, ...lines] = text.trim().split("\n");
  return lines.flatMap((line) => JSON.parse(line)).map(unpacked);
};

describe("the list", () => {
  it("tells what is wrong with a directory, and goes on", async () => {
    const found = Object.fromEntries((await rows()).map((row) => [row.id, row.problem]));
    expect(found).toEqual({
      [GOLDEN_ID]: null,
      [HOSTILE_ID]: "meta/run.json is missing",
      empty: "meta/run.json is missing",
      garbage: "meta/run.json: not JSON",
      wrong: expect.stringContaining("meta/run.json: run_id: "),
      folder: expect.stringContaining("not a regular file"),
      linked: "the capture is a symbolic link, which is not followed",
      linked_meta: "meta/ is a symbolic link, which is not followed",
      leads_out: null,
      link_inside: null,
    });
  });

  it("makes a missing summary by itself", async () => {
    await expect
      .poll(async () => (await rows()).find(({ id }) => id === GOLDEN_ID)?.tool_calls, {
        timeout: 10_000,
      })
      .toBe(8);
    const { files, processes, tokens, findings } = (await rows()).find(
      ({ id }) => id === GOLDEN_ID,
    ) as Row;
    expect([files, processes, tokens].every((value) => Number(value) > 0)).toBe(true);
    expect(findings).not.toBeNull();
    expect(existsSync(runFile(join(served.folder, "linked_meta"), RunFile.summary))).toBe(false);
  });

  it("makes a summary again that is of another time", async () => {
    await using own = await serve((folder) =>
      writeSummary(join(folder, GOLDEN_ID)).then(async () => {
        const path = runFile(join(folder, GOLDEN_ID), RunFile.summary);
        const { risk: _, ...old } = JSON.parse(await readFile(path, "utf8"));
        await writeFile(path, JSON.stringify(old));
      }),
    );
    const tools = async () => (await rows(own))[0]?.tool_calls;
    await expect.poll(tools, { timeout: 10_000 }).toBe(8);
  });

  it("makes a name visible that hides something", async () => {
    const row = (await rows()).find(({ id }) => id === HOSTILE_ID);
    expect(row?.name).toContain('"␍␊x: y');
  });

  it("finds on refresh what came and went", async () => {
    await using own = await serve();
    await copyCapture(own.folder, "20270101T000000000Z-new");
    const origin = `http://127.0.0.1:${own.server.port}`;
    await own.ask("/api/refresh", { method: "POST", headers: { origin } });
    expect((await rows(own)).map(({ id }) => id)).toContain("20270101T000000000Z-new");
    await remove(join(own.folder, GOLDEN_ID));
    await own.ask("/api/refresh", { method: "POST", headers: { origin } });
    expect((await rows(own)).map(({ id }) => id)).toEqual(["20270101T000000000Z-new"]);
  });
});

describe("the page", () => {
  const opening = async (query: string): Promise<Opening & { text: string }> => {
    const { text } = await served.ask(`/${query}`);
    const [, json = ""] =
      /<script type="application\/json" id="opening">(.*?)<\/script>/.exec(text) ?? [];
    return { ...JSON.parse(json), text };
  };

  it("holds its first screen, and nothing in it is markup", async () => {
    const { rows, whole, counts, text } = await opening("");
    const ids = rows.map((values) => unpacked(values).id);
    expect(whole).toBe(true);
    expect(ids).toContain(HOSTILE_ID);
    expect([counts.all, counts.chosen, counts.running]).toEqual([ids.length, ids.length, 0]);
    expect(text).not.toContain("<img");
  });

  it("holds of many captures the first that its address asks for, and those that it names", async () => {
    await using own = await serve(async (folder) => {
      for (let n = 0; n < 130; n += 1) {
        await mkdir(join(folder, `20260101T${n}`, "meta"), { recursive: true });
        await writeFile(join(folder, `20260101T${n}`, RunFile.run), n % 2 ? "{" : "[]");
      }
    });
    const { text } = await own.ask(`/?q=not+JSON&sort=oldest&capture=20260101T120&compare=x`);
    const [, json = ""] = /id="opening">(.*?)<\/script>/.exec(text) ?? [];
    const { rows, whole, counts } = JSON.parse(json) as Opening;
    const found = rows.map((values) => unpacked(values));
    expect(whole).toBe(false);
    expect([counts.all, counts.chosen]).toEqual([131, 65]);
    expect(found.length).toBe(61);
    expect(found.at(-1)?.id).toBe("20260101T120");
    for (const { problem } of found.slice(0, 60)) expect(problem).toContain("not JSON");
  });
});

it("reads of a long summary no more than the list shows, and of an older one all", async () => {
  await using served = await serve(async (folder) => {
    for (const id of ["long", "older"]) {
      const directory = await copyCapture(folder, id);
      const { summary } = await writeSummary(directory);
      // Text of the capture's that looks like the end of what comes first.
      const title = ',\n "timeline": [] "risk": ';
      const { findings, ...rest } = {
        ...summary,
        title,
        noise: [{ type: "x".repeat(1e6), count: 1 }],
      };
      const parts = id === "long" ? { findings, ...rest } : { ...rest, findings };
      await writeFile(runFile(directory, RunFile.summary), JSON.stringify(parts, null, 1));
    }
  });
  const [, rows] = (await served.ask("/api/captures")).text.split("\n");
  const found = JSON.parse(rows ?? "").map((values: unknown[]) => unpacked(values));
  const findings = Object.fromEntries(found.map((row: Row) => [row.id, row.findings]));
  expect(findings["long"]).toBeGreaterThan(0);
  expect([findings["older"], findings[GOLDEN_ID] ?? findings["long"]]).toEqual([
    findings["long"],
    findings["long"],
  ]);
});

describe("what is served", () => {
  it("no path but those that are known", async () => {
    for (const id of [
      "..",
      "../..",
      "%2e%2e",
      "..%2f..%2fetc",
      ".",
      "",
      "a file",
      `${GOLDEN_ID}/`,
      `${GOLDEN_ID}\0`,
      "\0",
      "a".repeat(10_000),
      `${GOLDEN_ID}/attempts/1`,
      `${GOLDEN_ID}/../${GOLDEN_ID}`,
    ])
      for (const rest of ["report", "files/run", "archive", "export/jsonl"]) {
        const path = `/captures/${encodeURIComponent(id)}/${rest}`;
        expect((await served.ask(path)).status, path).toBe(404);
      }
    for (const path of [
      ...["/captures/%E0%A4%A/report", `/captures/${GOLDEN_ID}/attempts/1/report`],
      ...["/captures/../../etc/passwd", "/..%2f..%2fetc/passwd", "//etc/passwd"],
      ...["constructor", "__proto__", "..%2fmeta%2frun.json", "report", "workspace"].map((name) =>
        at(GOLDEN_ID, `files/${name}`),
      ),
      ...["toString", "__proto__", "csv"].map((name) => at(GOLDEN_ID, `export/${name}`)),
    ])
      expect((await served.ask(path)).status, path).toBe(404);
  });

  it("what would be sent, to whoever asks for the head alone, and nothing is begun", async () => {
    for (const path of ["archive", "export/atif", "files/run"].map((rest) => at(GOLDEN_ID, rest))) {
      const answers = Array.from({ length: 20 }, () => served.ask(path, { method: "HEAD" }));
      for (const { status, text } of await Promise.all(answers))
        expect([status, text]).toEqual([200, ""]);
      expect((await served.ask(path)).status).toBe(200);
    }
    for (let n = 0; n < 40; n += 1) await served.ask("/api/changes", { method: "HEAD" });
    const changes = get({ host: "127.0.0.1", port: served.server.port, path: "/api/changes" });
    const [answer] = await once(changes, "response");
    expect(answer.statusCode).toBe(200);
    changes.destroy();
  });

  it("follows no link in a capture", async () => {
    for (const rest of ["report", "archive", "files/stdout", "export/jsonl"]) {
      for (const id of ["linked", "linked_meta", "leads_out"]) {
        const { status, headers, text } = await served.ask(at(id, rest));
        expect(status).toBe(409);
        expect(text).toMatch(/symbolic link, which is not followed/);
        // In the report's frame, too.
        expect(headers["content-security-policy"]).toContain("frame-ancestors 'self'; sandbox");
      }
    }
    const { status, text } = await served.ask(at("link_inside", "files/stdout"));
    expect(status).toBe(409);
    expect(text).not.toContain("root:");
    expect((await served.ask(at("link_inside", "report"))).text).not.toContain("root:");
  });

  it("a report that is made here, in a sandbox and with a policy of its own", async () => {
    const { status, headers, text } = await served.ask(at(GOLDEN_ID, "report"));
    expect(status).toBe(200);
    expect(text).toContain("Add a sparkline to the weekly report");
    expect(headers["content-security-policy"]).toMatch(
      /^default-src 'none'; .*script-src 'sha256-[^']+'; .*frame-ancestors 'self'; sandbox allow-scripts$/,
    );
    expect(existsSync(runFile(join(served.folder, GOLDEN_ID), RunFile.report))).toBe(true);
  });

  it("a report of another version, or of somebody else, is made again", async () => {
    await using own = await serve();
    const directory = join(own.folder, GOLDEN_ID);
    await own.ask(at(GOLDEN_ID, "report"));
    const path = runFile(directory, RunFile.report);
    await writeFile(path, "<script>steal()</script>");
    expect((await own.ask(at(GOLDEN_ID, "report"))).text).not.toContain("steal");
    expect(await readFile(path, "utf8")).not.toContain("steal");
    const { mtimeMs } = await stat(path);
    await own.ask(at(GOLDEN_ID, "report"));
    expect((await stat(path)).mtimeMs).toBe(mtimeMs);
  });

  it("a report also where there are no native events and nothing can be kept", async () => {
    await using own = await serve(async (folder) => {
      const directory = await copyCapture(folder, "bare");
      await rm(runFile(directory, RunFile.events));
      await writeFile(join(directory, "report"), "in the way");
    });
    const { status, text } = await own.ask(at("bare", "report"));
    expect(status).toBe(409);
    expect(text).toContain("report/ is no folder");
    await rm(join(own.folder, "bare", "report"));
    expect((await own.ask(at("bare", "report"))).text).toContain("The agent reported no events");
  });

  it("files as text, with what could run taken away", async () => {
    const { headers, text } = await served.ask(at(GOLDEN_ID, "files/run"));
    expect(JSON.parse(text)).toMatchObject({ issue_id: "install_chart_package" });
    expect(headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["content-security-policy"]).toMatch(/sandbox$/);
    const log = (await served.ask(at(GOLDEN_ID, "files/exportStdout"))).text;
    expect(JSON.parse(log).info.title).toBe("Add a sparkline to the weekly report");
  });

  it.each(Object.keys(EXPORT_FORMATS))("the export %s", async (format) => {
    const { status, headers, text } = await served.ask(at(GOLDEN_ID, `export/${format}`));
    expect(status).toBe(200);
    expect(headers["content-disposition"]).toMatch(/^attachment; filename="2026[\w.-]+"$/);
    // What each format holds is tested with the export.
    expect(text).toMatch(/^\{.+[\]}]\s*$/s);
  });

  it("a capture as tar.gz that another tar unpacks to the same", async () => {
    const { bytes, headers } = await served.ask(at(GOLDEN_ID, "archive"));
    expect(headers["content-type"]).toBe("application/gzip");
    const folder = await mkdtemp(join(tmpdir(), "browse-tar-"));
    try {
      await writeFile(join(folder, "x.tar.gz"), bytes);
      execFileSync("tar", ["xzf", "x.tar.gz"], { cwd: folder });
      for (const file of [RunFile.run, RunFile.events, RunFile.exportStdout])
        expect(await readFile(join(folder, GOLDEN_ID, file))).toEqual(
          await readFile(join(served.folder, GOLDEN_ID, file)),
        );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("no export of a capture without a record, but why", async () => {
    for (const format of Object.keys(EXPORT_FORMATS)) {
      const { status, text } = await served.ask(at("garbage", `export/${format}`));
      expect(status).toBe(409);
      expect(text).toMatch(/garbage is no run directory: meta\/run\.json: not JSON/);
    }
  });

  it("of a capture that goes on nothing that its agent may put a link in the place of", async () => {
    await using own = await serve();
    const run = await beginCapture(own.folder, "20270101T000000000Z-goes-on");
    for (const folder of ["events", "workspace"])
      await mkdir(join(run.directory, folder, "laid", "here"), { recursive: true });
    execFileSync("mkfifo", [join(run.directory, "events", "pipe")]);
    const origin = `http://127.0.0.1:${own.server.port}`;
    await own.ask("/api/refresh", { method: "POST", headers: { origin } });
    const { bytes } = await own.ask(at("20270101T000000000Z-goes-on", "archive"));
    const tar = (...words: string[]) =>
      execFileSync("tar", [...words, "-f", "-"], { input: gunzipSync(bytes), encoding: "utf8" });
    expect(tar("-t")).not.toContain("laid");
    expect(
      tar("-xO", "20270101T000000000Z-goes-on/left-out.txt").trim().split("\n").sort(),
    ).toEqual([
      "events/laid: its agent may still change it",
      "events/pipe: neither file, folder nor link",
      "workspace/laid: its agent may still change it",
    ]);
  });

  it("a hostile name is in no header", async () => {
    const { headers } = await served.ask(at(HOSTILE_ID, "archive"));
    expect(headers["content-disposition"]).toMatch(/^attachment; filename="[\w.-]+\.tar\.gz"$/);
    expect(headers["x"]).toBeUndefined();
  });

  it("the facts of a capture, to be compared", async () => {
    const { text } = await served.ask(`/api/captures/${GOLDEN_ID}/facts`);
    expect(JSON.parse(text)).toMatchObject({
      run_status: "succeeded",
      programs: expect.arrayContaining([expect.any(String)]),
      hosts: expect.any(Array),
      changed_paths: expect.arrayContaining([expect.any(String)]),
    });
  });
});

describe("what can be changed", () => {
  it("a capture is deleted, with links in it and not what they lead to", async () => {
    await using own = await serve(brokenCaptures);
    const headers = { origin: `http://127.0.0.1:${own.server.port}` };
    for (const id of ["leads_out", "linked", "empty"]) {
      const path = `/api/captures/${id}`;
      expect((await own.ask(path, { method: "DELETE", headers })).status).toBe(200);
      expect((await own.ask(path, { method: "DELETE", headers })).status).toBe(404);
      expect(existsSync(join(own.folder, id))).toBe(false);
    }
    expect(existsSync("/etc/passwd")).toBe(true);
  });

  it("summary and report are made again", async () => {
    await using own = await serve();
    const directory = join(own.folder, GOLDEN_ID);
    await writeSummary(directory);
    await writeFile(runFile(directory, RunFile.summary), "{}");
    const headers = { origin: `http://127.0.0.1:${own.server.port}` };
    const path = `/api/captures/${GOLDEN_ID}/make`;
    expect((await own.ask(path, { method: "POST", headers })).status).toBe(200);
    const summary = JSON.parse(await readFile(runFile(directory, RunFile.summary), "utf8"));
    expect(summary.issue_id).toBe("install_chart_package");
  });
});
