import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import type { Output } from "../../src/cli/output.js";
import { makeReady } from "../../src/cli/ready.js";
import { ExitCode } from "../../src/errors.js";
import type { Settings } from "../../src/settings.js";
import { temporaryFolder } from "../folder.js";

afterEach(() => void vi.unstubAllEnvs());

test("an engine that answers and then fails is no bug of ours", async () => {
  const engine = createServer(({ url }, response) => {
    if (!/version|info/.test(url ?? ""))
      return response.writeHead(500).end('{"message":"its disk is full"}');
    response.writeHead(200, { "content-type": "application/json" });
    response.end('{"Version":"1","ApiVersion":"1.41","Arch":"amd64"}');
  }).listen(0, "127.0.0.1");
  await once(engine, "listening");
  vi.stubEnv("DOCKER_HOST", `tcp://127.0.0.1:${(engine.address() as AddressInfo).port}`);
  const output = { aside: () => {}, detail: () => {} } as unknown as Output;
  const settings = { captures: temporaryFolder(), sensor: "auto" } as Settings;
  await expect(makeReady(settings, output, new AbortController().signal)).rejects.toMatchObject({
    exitCode: ExitCode.engine,
    message: expect.stringContaining("its disk is full"),
  });
  engine.close();
});
