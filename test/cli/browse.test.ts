import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { browse } from "../../src/cli/browse.js";
import type { Output } from "../../src/cli/output.js";
import { resolveSettings } from "../../src/cli/resolve-settings.js";
import { ExitCode } from "../../src/errors.js";
import { temporaryFolder } from "../folder.js";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const settings = () =>
  resolveSettings({ flags: { captures: join(folder, "new") }, environment: {}, file: "none.json" });

function heard(): { output: Output; lines: string[] } {
  const lines: string[] = [];
  const line = (text: string) => void lines.push(text);
  const mode = { json: false, quiet: false, verbose: false };
  const rest = { json: () => {}, live: () => false, settle: () => {}, isLive: false };
  return { lines, output: { mode, line, result: line, aside: line, detail: line, ...rest } };
}

it("makes the folder, prints the address, and ends when it is told to", async () => {
  const { output, lines } = heard();
  const end = new AbortController();
  const options = { host: "127.0.0.1", port: "0", token: true } as const;
  const browsing = browse(options, settings(), output, end.signal);
  await expect
    .poll(() => lines.join(), { timeout: 10_000 })
    .toMatch(/http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{16,}/);
  const url = /http\S+token=[\w-]+/.exec(lines.join())?.[0] ?? "";
  expect((await fetch(url, { redirect: "manual" })).status).toBe(303);
  end.abort();
  expect(await browsing).toBe(ExitCode.ok);
  await expect(fetch(url)).rejects.toThrow();
});

it.each([
  [{ port: "http" }, "--port: expected a number"],
  [{ port: "70000" }, "--port: expected a number"],
  [{ token: "short" }, "--token: expected at least 16"],
  [{ token: "with spaces in it, and long" }, "--token: expected at least 16"],
  [
    { host: "203.0.113.7" },
    "203.0.113.7, port 0, cannot be listened on: this machine has no such address",
  ],
])("refuses %j", async (given, message) => {
  const options = { host: "127.0.0.1", port: "0", ...given };
  const browsing = browse(options, settings(), heard().output, AbortSignal.abort());
  await expect(browsing).rejects.toThrow(message);
});

it("says that a port is taken, and which is free", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as { port: number };
  const options = { host: "127.0.0.1", port: String(port) };
  const browsing = browse(options, settings(), heard().output, AbortSignal.abort());
  await expect(browsing).rejects.toMatchObject({
    message: `port ${port} of 127.0.0.1 is taken`,
    hint: expect.stringMatching(/^free is: --port \d+$/),
  });
  other.close();
});
