import { describe, expect, test } from "vitest";
import { roomClient } from "./room-client.js";

const room = roomClient();
const NOT_ALLOWED = "refused not an allowed host";

describe("what a model's provider is asked to reach by itself", () => {
  const ask = async (path: string, body: object | string) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const key = `Authorization: Bearer ${room.placeholder}`;
    const head = `POST /v1${path} HTTP/1.1\r\nHost: x\r\n${key}\r\nConnection: close`;
    return room.say(`${head}\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
  };
  const far = "https://deep.far.example/?what=the-room-holds";
  const message = (content: object) => ({ messages: [{ role: "user", content: [content] }] });
  const source = { type: "url", url: far };

  test.each([
    ["/chat/completions", message({ type: "image_url", image_url: { url: far } })],
    [
      "/responses",
      { input: [{ role: "user", content: [{ type: "input_image", image_url: far }] }] },
    ],
    ["/responses", { input: [{ role: "user", content: [{ type: "input_file", file_url: far }] }] }],
    ["/responses", { input: "x", tools: [{ type: "mcp", server_label: "a", server_url: far }] }],
    ["/messages", message({ type: "image", source })],
    ["/messages/count_tokens", message({ type: "document", source })],
    [
      "/messages",
      message({ type: "tool_result", tool_use_id: "a", content: [{ type: "image", source }] }),
    ],
    ["/messages", { messages: [], mcp_servers: [{ type: "url", name: "a", url: far }] }],
  ])("by %s, %j: is refused and told", async (path, body) => {
    const got = await ask(path, body);
    expect(got).toMatch(/^HTTP\/1.1 403 .*x-should-retry: false/s);
    expect(got).toContain("may not have its model's provider reach deep.far.example");
    expect(room.carried).toEqual([]);
    expect(room.seen()).toEqual([`provider deep.far.example:443 ${NOT_ALLOWED}`]);
  });

  test("an allowed host may be reached so, and that is told", async () => {
    const image = {
      type: "image_url",
      image_url: { url: `http://allowed.example:${room.port}/a.png` },
    };
    await ask("/chat/completions", message(image));
    expect(room.carried).toEqual(["POST /chat/completions"]);
    expect(room.seen()).toEqual([
      `provider allowed.example:${room.port} allowed by the model's provider, not by the room`,
    ]);
  });

  test("addresses that nobody fetches are none", async () => {
    const schema = { properties: { url: { type: "string", default: far }, image_url: far } };
    await ask("/messages", {
      tools: [
        { name: "fetch", input_schema: schema },
        { type: "bash_20250124", name: "bash" },
      ],
      messages: [
        { role: "user", content: `see ${far}` },
        {
          role: "assistant",
          content: [{ type: "tool_use", id: "a", input: { ...source, image_url: far } }],
        },
        {
          role: "assistant",
          content: [{ type: "text", text: "", citations: [{ type: "url_citation", url: far }] }],
        },
        {
          role: "user",
          content: [{ type: "image_url", image_url: { url: " DATA:image/png;base64,AA==" } }],
        },
      ],
    });
    expect(room.carried).toEqual(["POST /messages"]);
    expect(room.attempts).toEqual([]);
  });

  test.each([
    ["a user before the host", `https://allowed.example@far.example/`],
    ["a backslash", `http://far.example\\@allowed.example:PORT/a.png`],
    ["a tab", `http://allowed.example:PORT\t.far.example/`],
    ["a question mark at once", `http://allowed.example:PORT?@far.example/`],
    ["a number for a host", "http://2130706433/"],
    ["no scheme", "//far.example/a.png"],
  ])("an address with %s is none that may be reached", async (_, address) => {
    const url = address.replace("PORT", String(room.port));
    expect(await ask("/responses", { input: [{ image_url: url }] })).toMatch(/^HTTP\/1.1 403 /);
    expect(room.carried).toEqual([]);
    expect(room.attempts).toMatchObject([{ via: "provider", verdict: "refused" }]);
  });

  test.each(["Image_URL", "IMAGE_URL", "\u017ferver_url"])("%s is an address, too", async (key) => {
    const body = JSON.stringify({ input: [{ [key]: far }] });
    await ask("/responses", Buffer.from(body).toString("latin1"));
    expect(room.seen()).toEqual([`provider deep.far.example:443 ${NOT_ALLOWED}`]);
  });

  const allowed = () => `http://allowed.example:${room.port}/a.png`;
  const deep = "[".repeat(100_000);
  test.each([
    ["at the top", () => `{"image_url":"${far}","image_url":"${allowed()}"}`],
    ["written in two ways", () => `{"image_url":"${allowed()}","image\\u005furl":"${far}"}`],
    ["of an inner object", () => `{"input":[{"a":"{:","image_url":{"url":"a","url":"${far}"}}]}`],
    ["in a schema", () => `{"tools":[{"parameters":{"a":1,"a":2}}]}`],
    ["that is no plain key", () => `{"__proto__":{},"__proto__":{"image_url":"${far}"}}`],
    ["far down", () => `{"input":${deep}{"url":1,"url":2}${"]".repeat(100_000)}}`],
  ])("a member %s that is named twice is judged by nobody: the call ends", async (_, body) => {
    expect(await ask("/responses", body())).toMatch(/^HTTP\/1.1 403 .*it names a member twice/s);
    expect(room.carried).toEqual([]);
    expect(room.seen()).toEqual([
      "gateway 127.0.0.1:8000 refused a model call not carried: it names a member twice",
    ]);
  });

  test("the same name in two objects, and in a text, is no such member", async () => {
    const twin = { role: "user", content: '{"a":1,"a":2} \\" :::' };
    await ask("/chat/completions", { messages: [twin, twin], metadata: { "a:b": "" }, model: "" });
    expect(room.carried).toEqual(["POST /chat/completions"]);
  });

  test.each([
    ["no JSON", "image_url=https://far.example"],
    ["bytes that are no UTF-8", '{"image\xff_url":"https://far.example"}'],
    ["another encoding", Buffer.from('{"image_url":""}', "utf16le").toString("latin1")],
    ["a mark before it", '\xef\xbb\xbf{"input":"a"}'],
    ["more values than are read", `{"messages":[${"{},".repeat(260_000)}{}]}`],
    [
      "more hosts than are told",
      { input: Array.from({ length: 60 }, (_, at) => ({ image_url: `https://h${at}.example` })) },
    ],
  ])("a request of %s is not carried, and that is told", async (_, body) => {
    expect(await ask("/chat/completions", body)).toMatch(/^HTTP\/1.1 403 /);
    expect(room.carried).toEqual([]);
    expect(room.attempts).toMatchObject([
      { via: "gateway", verdict: "refused", reason: expect.stringMatching(/^a model call not/) },
    ]);
  });
});
