import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { proxyFor } from "../../src/gateway/host-proxy.js";
import { liveUpstream } from "../../src/gateway/live.js";
import { temporaryFolder } from "../folder.js";
import { APIS, openRig } from "./rig.js";

describe("which proxy", () => {
  const PROXY = "http://proxy.example:3128";
  test.each([
    ["https://models.example/v1", { HTTPS_PROXY: PROXY }, "proxy.example:3128"],
    [
      "https://models.example/v1",
      { https_proxy: "proxy.example:3128", HTTPS_PROXY: "x" },
      "proxy.example:3128",
    ],
    ["https://models.example/v1", { http_proxy: PROXY }, null],
    ["http://models.example/v1", { http_proxy: PROXY }, "proxy.example:3128"],
    ["https://models.example/v1", { all_proxy: PROXY }, "proxy.example:3128"],
    [
      "https://models.example/v1",
      { https_proxy: PROXY, no_proxy: "a.example, .models.example" },
      null,
    ],
    ["https://deep.models.example/v1", { https_proxy: PROXY, NO_PROXY: "models.example" }, null],
    [
      "https://mymodels.example/v1",
      { https_proxy: PROXY, no_proxy: "models.example" },
      "proxy.example:3128",
    ],
    [
      "https://models.example:8443/v1",
      { https_proxy: PROXY, no_proxy: "models.example:443" },
      "proxy.example:3128",
    ],
    ["https://models.example/v1", { https_proxy: PROXY, no_proxy: "*" }, null],
    ["https://[2001:db8::1]/v1", { https_proxy: PROXY, no_proxy: "[2001:db8::1]" }, null],
    ["http://127.0.0.1:8000/v1", { http_proxy: PROXY }, null],
    ["http://[::1]:8000/v1", { http_proxy: PROXY }, null],
    ["http://localhost/v1", { all_proxy: PROXY }, null],
    ["https://models.example/v1", {}, null],
  ])("for %s with %j: %s", (address, environment, expected) => {
    expect(proxyFor(new URL(address), environment)?.host ?? null).toBe(expected);
  });

  test.each(["socks5://proxy.example", "http://"])("%s is refused, and not shown", (text) => {
    const ask = () => proxyFor(new URL("https://models.example"), { https_proxy: text });
    expect(ask).toThrow(/^https_proxy: expected an http or https address of a proxy$/);
  });
});

describe("a live endpoint by this host's proxy", () => {
  const { path, body } = APIS["openai-chat"];
  const ANSWER = '{"model":"demo","choices":[{"message":{"content":"by way of the proxy"}}]}';
  let far: Server;
  let proxy: Server;
  let asked: string[];
  let allowed: boolean;
  const port = (server: Server) => (server.address() as AddressInfo).port;
  const listen = (server: Server) =>
    new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));

  beforeEach(async () => {
    asked = [];
    allowed = true;
    const folder = temporaryFolder();
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
        ...["-subj", "/CN=models.example", "-days", "2", "-keyout", key, "-out", certificate],
      ],
      { stdio: "ignore" },
    );
    const tls = { key: readFileSync(key), cert: readFileSync(certificate) };
    far = createSecureServer(tls, (request, response) => {
      asked.push(`far ${request.headers.host} ${request.headers.authorization}`);
      response.writeHead(200, { "content-type": "application/json" }).end(ANSWER);
    });
    await listen(far);
    proxy = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers["proxy-authorization"]}`);
      response.writeHead(200, { "content-type": "application/json" }).end(ANSWER);
    });
    proxy.on("connect", (request, inside) => {
      asked.push(`CONNECT ${request.url} ${request.headers["proxy-authorization"]}`);
      asked.push(String(request.headers.authorization));
      if (!allowed) return void inside.end("HTTP/1.1 407 Who are you\r\n\r\n");
      inside.write("HTTP/1.1 200 Well\r\n\r\n");
      const outside = connect(port(far), "127.0.0.1");
      outside.on("error", () => {});
      outside.on("close", () => inside.destroy());
      inside.on("error", () => {});
      inside.pipe(outside).pipe(inside);
    });
    await listen(proxy);
  });
  afterEach(async () => {
    for (const server of [far, proxy]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
  const askBy = async (baseUrl: string) => {
    const https_proxy = `http://me:pass%20word@127.0.0.1:${port(proxy)}`;
    const environment = { https_proxy, http_proxy: https_proxy };
    await using rig = await openRig(liveUpstream(baseUrl, "sk-key", 0, environment));
    const got = await rig.post(path, body(0, false));
    return { got, call: rig.calls[0] };
  };
  const BASIC = `Basic ${Buffer.from("me:pass word").toString("base64")}`;

  test("over http it is the proxy that is asked", async () => {
    const { got, call } = await askBy("http://models.example/v1");
    expect(asked).toEqual([`POST http://models.example/v1/chat/completions ${BASIC}`]);
    expect([got.status, call?.text]).toEqual([200, "by way of the proxy"]);
  });

  test("over https the proxy sees neither key nor question, and the certificate is looked at", async () => {
    const { got, call } = await askBy("https://models.example/v1");
    expect(asked).toEqual([`CONNECT models.example:443 ${BASIC}`, "undefined"]);
    expect(got).toMatchObject({ status: 400, headers: { "x-should-retry": "false" } });
    expect(call?.error).toMatch(/self-signed certificate; NODE_EXTRA_CA_CERTS names/);
  });

  test("what is asked in the tunnel is what is asked without one", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    const { got, call } = await askBy("https://models.example/v1").finally(vi.unstubAllEnvs);
    expect(asked.at(-1)).toBe("far models.example Bearer sk-key");
    expect([got.status, call?.text]).toEqual([200, "by way of the proxy"]);
  });

  test("a proxy that refuses is told by its name, without its password", async () => {
    allowed = false;
    const { got, call } = await askBy("https://models.example/v1");
    expect(got.status).toBe(400);
    expect(call?.error).toContain(`the proxy 127.0.0.1:${port(proxy)} answered 407; check the`);
  });
});
