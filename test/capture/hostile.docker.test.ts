import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { RunFile, runFile } from "../../src/record/directory.js";
import { readJson } from "../../src/record/read.js";
import { RunRecord } from "../../src/record/run.js";
import { makeReport } from "../../src/report/report.js";
import { writeSummary } from "../../src/summary/summary.js";
import { buildImage } from "../sandbox/build.js";
import {
  agentThat,
  bash,
  captureIssue,
  containersOf,
  observed,
  place,
  scratchForEach,
} from "./room.js";

const folder = scratchForEach();

const quick = [{ tool_calls: [bash("echo hi > hi.txt")] }, { text: "Done." }];

describe("the nastiest workspace", () => {
  const nasty = [
    "python3 -c \"import os; os.mkdir('deep'); os.chdir('deep'); [(os.mkdir('d'), os.chdir('d')) for _ in range(1500)]\"",
    "truncate -s 1T sparse",
    "mkfifo pipe; ln -s /etc/shadow shadow; ln -s . loop; ln -s nowhere gone",
    "touch -- -rf '__proto__' '<img src=x onerror=alert(1)>' $'new\\nline' $'\\e[31mred' $'\\u202egnp.exe'",
    "touch \"$(printf 'bad\\377byte')\"",
    "touch -d 1901-12-14 old; touch -d 2446-01-01 new",
    "mkdir closed && touch closed/in && chmod 000 closed",
    "python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('sock')\"",
    "head -c 3000000 /dev/urandom > random.bin; yes '</script><script>alert(1)</script>' | head -c 200000 > a.txt",
    "(exec -a '</script>{{7*7}}' sleep 0.3)",
  ];

  test("is captured, reported and removed", async () => {
    const agent = agentThat(["bash", "-c", `cd /workspace; ${nasty.join("; ")}; exit 0`]);
    const done = await captureIssue(folder.issues(quick), folder.path, { agent });
    expect(done.record).toMatchObject({
      run_status: "succeeded",
      capture_valid: true,
      capture_problems: [],
    });
    const { files, processes } = await observed(done);
    const byPath = new Map(files.workspace.map((change) => [change.path, change]));
    for (const path of [
      "-rf",
      "__proto__",
      "<img src=x onerror=alert(1)>",
      "new\nline",
      "\u001b[31mred",
      "\u202egnp.exe",
      "old",
      "new",
      "closed/in",
    ])
      expect(byPath.get(path)?.change, path).toBe("added");
    expect(byPath.get("pipe")?.kind).toBe("fifo");
    expect(byPath.get("sock")?.kind).toBe("socket");
    expect(byPath.get("shadow")).toMatchObject({ kind: "symlink", link_target: "/etc/shadow" });
    expect(byPath.get("sparse")?.after).toMatchObject({ size_bytes: 1024 ** 4, sha256: null });
    expect(byPath.get("random.bin")).toMatchObject({ binary: true });
    expect(byPath.get("a.txt")?.change).toBe("modified");
    expect(files.workspace.filter(({ path_bytes }) => path_bytes !== undefined)).toHaveLength(1);
    expect(files.workspace.filter(({ path }) => path.startsWith("deep")).length).toBeGreaterThan(
      1000,
    );
    expect(JSON.stringify(files)).not.toContain("root:");
    expect(processes.some(({ argv }) => argv[0] === "</script>{{7*7}}")).toBe(true);

    await writeSummary(done.directory);
    const page = readFileSync((await makeReport(done.directory)).path, "utf8");
    expect(page).not.toContain("<img src=x");
    expect(page).not.toContain("<script>alert(1)");
    expect(existsSync(runFile(done.directory, RunFile.workspace))).toBe(false);
  });
});

test("a fork bomb against the limit of processes is stopped at the time limit, and observed", async () => {
  const bomb = agentThat(["bash", "-c", "while :; do sleep 300 & done 2> /dev/null"]);
  const done = await captureIssue(folder.issues(quick), folder.path, {
    agent: bomb,
    timeoutMs: 4000,
    limits: { memoryBytes: 1024 ** 3, cpus: 2, pids: 100 },
  });
  expect(done.record).toMatchObject({ run_status: "timed_out", capture_valid: true });
  const { processes } = await observed(done);
  expect(processes.length).toBeGreaterThan(50);
  expect(await containersOf(done.record.run_id)).toEqual([]);
});

test("the agent is not root and holds no capability, no socket of the engine, no way to its own room", async () => {
  const look = [
    "id -u",
    "grep CapBnd /proc/self/status",
    "grep NoNewPrivs /proc/self/status",
    "grep Seccomp: /proc/self/status",
    "ls /capture",
    "kill -9 1 $(pgrep -x sleep) 2>&1 || true",
    "ls /var/run/docker.sock 2>&1",
    "touch /capture/beside",
    "cat /etc/resolv.conf /etc/hosts",
    "echo 127.0.0.1 elsewhere.test >> /etc/hosts",
    "cat /sys/class/net/*/address | wc -l",
  ];
  const agent = agentThat(["sh", "-c", `${look.join("; ")}; exit 0`]);
  const done = await captureIssue(folder.issues(quick), folder.path, { agent });
  expect(done.record.run_status).toBe("succeeded");
  const said = readFileSync(runFile(done.directory, RunFile.stdout), "utf8").split("\n");
  expect(said[0]).not.toBe("0");
  expect(said[1]).toMatch(/CapBnd:\s+0{16}/);
  expect(said[2]).toMatch(/NoNewPrivs:\s+1/);
  expect(said[3]).toMatch(/Seccomp:\s+2/);
  expect(said[4]).toBe("events");
  expect(said.join()).toMatch(/Operation not permitted|not permitted/);
  expect(said.join()).toContain("cannot access '/var/run/docker.sock'");
  expect(said).toEqual(expect.arrayContaining(["nameserver 127.0.0.1", "127.0.0.1\tlocalhost"]));
  expect(said.join()).not.toContain("elsewhere");
  expect(said.at(-2)).toBe("1"); // loopback alone
  const { files } = await observed(done);
  expect(files.system.map(({ path }) => path)).toContain("/capture/beside");
});

test("a full disk: the run is closed, and what could not be written is named", async () => {
  if (process.getuid?.() !== 0)
    throw new Error("this test mounts a small file system and needs root");
  const captures = join(folder.path, "small");
  mkdirSync(captures);
  await execa("mount", ["-t", "tmpfs", "-o", "size=12m", "tmpfs", captures]);
  try {
    const fill = "dd if=/dev/zero of=big bs=1M 2> /dev/null; yes x | head -c 20000000; exit 0";
    const agent = agentThat(["sh", "-c", fill]);
    const done = await captureIssue(folder.issues(quick), captures, { agent });
    expect(done.record.run_status).toBe("succeeded");
    // The workspace is gone before the observations are written, so there is room for them again.
    expect(done.record.capture_valid).toBe(true);
    expect(done.record.capture_problems.join()).toMatch(/ENOSPC|no space/);
    expect(await readJson(runFile(done.directory, RunFile.run), RunRecord)).toEqual(done.record);

    const spill =
      "for i in $(seq 4000); do : > a-file-that-is-new-$i; done; for s in 1M 4k; do dd if=/dev/zero of=/capture/events/$s bs=$s 2> /dev/null; done; exit 0";
    const full = await captureIssue(folder.issues(quick), captures, {
      agent: agentThat(["sh", "-c", spill]),
      keepWorkspace: true,
    });
    expect(full.record).toMatchObject({ run_status: "succeeded", capture_valid: false });
    expect(full.record.capture_problems.join()).toContain("ENOSPC");
    expect(await readJson(runFile(full.directory, RunFile.run), RunRecord)).toEqual(full.record);
  } finally {
    await execa("umount", [captures]);
  }
});

test("a foreign image without our user and home", async () => {
  const { engine, image } = await place();
  const ref = "opencode-capture-test/foreign:latest";
  await buildImage(engine, ref, {
    Dockerfile: `FROM ${image.ref}\nUSER root\nRUN userdel agent && rm -rf /home/agent /capture /workspace\nENV HOME=/root\n`,
  });
  try {
    const foreign = await engine.docker.getImage(ref).inspect();
    const done = await captureIssue(folder.issues(quick), folder.path, {
      image: { ref, id: foreign.Id, version: null },
    });
    expect(done.record).toMatchObject({
      run_status: "succeeded",
      capture_valid: true,
      native_events: { status: "ok" },
    });
    expect(done.record.agent.version).toBe("1.18.33");
    const { files } = await observed(done);
    expect(
      files.system.some(({ path }) => path.startsWith("/home/agent/.local/share/opencode")),
    ).toBe(true);
  } finally {
    await engine.docker.getImage(ref).remove({ force: true });
  }
});
