import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { scratchForEach } from "../capture/room.js";
import { command, objects } from "./command.js";

const folder = scratchForEach();

describe("doctor", () => {
  test("tries what a capture needs, and leaves nothing behind", async () => {
    const running = command(["doctor", "--json", "--captures", folder.path]);
    const { stdout, exitCode } = await running;
    const checks = objects(stdout);
    expect(checks.map(({ name }) => name).join()).toBe(
      "disk,engine,image,door,cgroups,sensors,packets,file system,agent",
    );
    expect(checks.filter(({ state }) => state === "fail")).toEqual([]);
    expect(checks.at(-1)?.detail).toMatch(/^opencode 1\.18\.33, in \d+ ms$/);
    expect(exitCode).toBe(0);
    const own = `name=doctor-${running.pid}`;
    expect((await execa("docker", ["ps", "-aq", "--filter", own])).stdout).toBe("");
  });

  test("says what is missing and what to do about it, with -q too", async () => {
    const words = ["doctor", "-q", "--captures", folder.path, "--opencode-bin", "opencdoe"];
    const { stdout, exitCode } = await command(words);
    expect(stdout).toMatch(/✘ agent: opencdoe --version gave exit code 12\d: .*\n {4}name the pro/);
    expect(stdout).not.toContain("✔");
    expect(exitCode).toBe(3);
    const elsewhere = { env: { DOCKER_HOST: "unix:///nowhere/docker.sock" } };
    const none = await command(["doctor"], elsewhere);
    expect(none.stdout).toContain("✘ engine: no Docker engine answers");
    expect(none.stdout).toContain("unset DOCKER_HOST");
    expect(none.exitCode).toBe(3);
  });
});
