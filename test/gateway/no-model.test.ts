import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { liveUpstream } from "../../src/gateway/live.js";
import { APIS, endpoint, openRig } from "./rig.js";

const HTML = { "content-type": "text/html" };
const KEY = "sk-real-0123456789";

describe("an endpoint", () => {
  test("that redirects is not followed, and gets nobody else the key", async () => {
    let led = 0;
    await using other = await endpoint((_, response) => {
      led += 1;
      response.end("{}");
    });
    await using far = await endpoint((_, response) =>
      response.writeHead(307, { location: `${other.baseUrl}/chat/completions?${KEY}` }).end(),
    );
    await using rig = await openRig(liveUpstream(far.baseUrl, KEY));
    const got = await rig.post("/v1/chat/completions", APIS["openai-chat"].body(0));
    const to = new URL(other.baseUrl).origin;
    expect(got).toMatchObject({ status: 400, headers: { "x-should-retry": "false" } });
    expect(led).toBe(0);
    expect(rig.calls).toMatchObject([
      {
        status: null,
        error: expect.stringContaining(`HTTP 307: the endpoint redirects to ${to},`),
      },
    ]);
    expect(got.text + JSON.stringify(rig.calls)).not.toContain(KEY);
  });

  test.each([
    ["a web page", 200, { "content-type": "text/html; charset=utf-8" }, 400, "with a web page"],
    ["a page that is not there", 404, HTML, 400, "with a web page"],
    ["another path", 301, { location: "/v2/" }, 400, "HTTP 301: the endpoint redirects to another"],
    ["a page of a proxy that finds it too large", 413, HTML, 413, "HTTP 413: <p>"],
    [
      "what a proxy compressed while it was busy",
      429,
      { "content-encoding": "gzip" },
      429,
      "HTTP 429: the endpoint answered in gzip",
    ],
    ["a page of one that is down", 503, HTML, 503, "HTTP 503: <p>"],
  ])(
    "that answers %s is asked again only where that helps",
    async (_, status, head, got, error) => {
      await using far = await endpoint(
        (_, response) => void response.writeHead(status, head).end("<p>"),
      );
      await using rig = await openRig(liveUpstream(far.baseUrl, KEY));
      for (const { path, body } of Object.values(APIS))
        expect((await rig.post(path, body(0))).status).toBe(got);
      expect(rig.calls.map((call) => call.error?.includes(error))).toEqual([true, true, true]);
    },
  );

  test("that speaks no HTTP, or no TLS, is no model's", async () => {
    const talker = createServer((socket) => void socket.on("error", () => {}).end("220 mail\r\n"));
    await new Promise<void>((resolve) => talker.listen(0, "127.0.0.1", resolve));
    const { port } = talker.address() as { port: number };
    const reasons = [
      [`http://127.0.0.1:${port}/v1`, "Expected HTTP/"],
      [`https://127.0.0.1:${port}/v1`, "SSL"],
    ] as const;
    for (const [baseUrl, reason] of reasons) {
      await using rig = await openRig(liveUpstream(baseUrl, KEY));
      expect((await rig.post("/v1/messages", APIS["anthropic-messages"].body(0))).status).toBe(400);
      expect(rig.calls[0]?.error).toMatch(new RegExp(`no model can be asked there: .*${reason}`));
    }
    talker.close();
  });

  test("that has answered before is asked again when it breaks off", async () => {
    let asked = 0;
    const far = createServer((socket) => {
      asked += 1;
      const head = asked === 2 ? "220 mail\r\n" : "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
      socket.on("error", () => {}).end(head);
    });
    await new Promise<void>((resolve) => far.listen(0, "127.0.0.1", resolve));
    const { port } = far.address() as { port: number };
    await using rig = await openRig(liveUpstream(`http://127.0.0.1:${port}/v1`, KEY));
    const { path, body } = APIS["openai-chat"];
    const statuses = [];
    for (let time = 0; time < 3; time += 1) statuses.push((await rig.post(path, body(0))).status);
    expect(statuses).toEqual([200, 502, 200]);
    far.close();
  });
});
