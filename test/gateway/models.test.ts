import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { liveUpstream } from "../../src/gateway/live.js";
import { Script } from "../../src/gateway/script.js";
import { scriptedUpstream } from "../../src/gateway/scripted.js";
import { APIS, endpoint, openRig } from "./rig.js";

const KEY = "sk-real-0123456789";
const script = Script.parse({
  turns: [
    {
      text: "Looking – ünïcode.",
      tool_calls: [
        { tool: "bash", arguments: { command: "ls" } },
        { tool: "bash", arguments: { command: "echo ü" } },
      ],
    },
    { text: "Done." },
  ],
});

const streams = [true, false];
const cases = Object.entries(APIS).flatMap(([api, { path, body }]) =>
  streams.map((stream) => ({ api, path, body, stream, how: stream ? "streamed" : "whole" })),
);

describe.each(cases)("$api, $how", ({ api, path, body, stream }) => {
  test("a scripted turn answers, and its line tells what it said", async () => {
    await using rig = await openRig(await scriptedUpstream(script, "t"));
    const got = await rig.post(path, body(0, stream));
    expect(got.status).toBe(200);
    expect(got.headers["content-type"]).toContain(stream ? "event-stream" : "json");
    expect(rig.calls).toMatchObject([
      { api, model: "demo", answered_model: "demo", streamed: stream, turn: 0, purpose: "turn" },
    ]);
    expect(rig.calls[0]).toMatchObject({
      ...{ text: "Looking – ünïcode.", error: null, retry: 0 },
      tool_calls: [
        { id: "call_1_1", name: "bash", arguments: '{"command":"ls"}' },
        { id: "call_1_2", name: "bash", arguments: '{"command":"echo ü"}' },
      ],
    });
    expect(rig.calls[0]?.stop_reason).toMatch(/tool|completed/);
    expect(rig.calls[0]?.first_byte_ms).not.toBeNull();
  });

  test("the turn follows from the replies that the request holds; then the script ends", async () => {
    await using rig = await openRig(await scriptedUpstream(script, "t"));
    for (const replies of [1, 1, 2]) await rig.post(path, body(replies, stream));
    expect(rig.calls.map(({ turn, text, retry }) => [turn, text, retry])).toEqual([
      [1, "Done.", 0],
      [1, "Done.", 0],
      [2, "The script has ended.", 0],
    ]);
  });
});

test("the room's key is accepted as Anthropic's clients send it; another is not", async () => {
  await using rig = await openRig(await scriptedUpstream(script, "t"));
  const { path, body } = APIS["anthropic-messages"];
  const headers = { "x-api-key": rig.placeholder };
  expect((await rig.post(`${path}?beta=true`, body(0), { headers })).status).toBe(200);
  const other = { headers: { "x-api-key": "placeholder-other" } };
  expect((await rig.post(path, body(0), other)).status).toBe(401);
  expect((await rig.post(`${path}?beta=true&x=1`, body(0), { headers })).status).toBe(404);
  expect(rig.calls).toHaveLength(1);
});

describe("a live endpoint", () => {
  test("gets the key as its API wants it, and none of the room's headers but a few", async () => {
    const seen: Record<string, unknown>[] = [];
    await using far = await endpoint((asked, response) => {
      seen.push({ url: asked.url, ...asked.headers });
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
    await using rig = await openRig(liveUpstream(`${far.baseUrl}/`, KEY));
    const headers = {
      authorization: `Bearer ${rig.placeholder}`,
      "anthropic-version": "2023-06-01",
      cookie: "c=1",
      "x-mine": "1",
    };
    for (const { path, body } of Object.values(APIS)) await rig.post(path, body(0), { headers });
    expect(
      seen.map(({ url, authorization, "x-api-key": key }) => [url, authorization, key]),
    ).toEqual([
      ["/v1/chat/completions", `Bearer ${KEY}`, undefined],
      ["/v1/responses", `Bearer ${KEY}`, undefined],
      ["/v1/messages", undefined, KEY],
    ]);
    expect(seen[2]).toMatchObject({ "anthropic-version": "2023-06-01" });
    expect(JSON.stringify(seen)).not.toMatch(/placeholder|x-mine|c=1/);
  });

  test("that repeats its key in an answer does not bring it into the room or the record", async () => {
    await using far = await endpoint(async (_, response) => {
      response.writeHead(401, { "content-type": "application/json" });
      const text = JSON.stringify({ error: { message: `no such key: ${KEY}${KEY}, sk-re` } });
      for (const piece of text.match(/.{1,7}/g) ?? []) await write(response, piece);
      response.end();
    });
    await using rig = await openRig(liveUpstream(far.baseUrl, KEY));
    const got = await rig.post("/v1/chat/completions", APIS["openai-chat"].body(0));
    const told = "no such key: [key removed][key removed], sk-re";
    expect(JSON.parse(got.text)).toEqual({ error: { message: told } });
    expect(rig.calls[0]).toMatchObject({ status: 401, error: `HTTP 401: ${told}` });
  });

  test("tells tokens from a cache, of reasoning, and its cost", async () => {
    const usages: Record<string, object> = {
      "/v1/chat/completions": {
        usage: {
          ...{ prompt_tokens: 100, completion_tokens: 20, cost: 0.0125 },
          prompt_tokens_details: { cached_tokens: 60 },
          completion_tokens_details: { reasoning_tokens: 5 },
        },
        choices: [{ message: { content: "ok" }, finish_reason: "length" }],
      },
      "/v1/responses": {
        ...{ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
        usage: {
          ...{ input_tokens: 100, output_tokens: 20 },
          input_tokens_details: { cached_tokens: 60 },
          output_tokens_details: { reasoning_tokens: 5 },
        },
      },
      "/v1/messages": {
        ...{ type: "message", stop_reason: "max_tokens" },
        usage: {
          ...{ input_tokens: 40, cache_read_input_tokens: 60, output_tokens: 20 },
          cache_creation_input_tokens: 7,
        },
      },
    };
    await using far = await endpoint((asked, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ model: "demo-2", ...usages[asked.url ?? ""] }));
    });
    await using rig = await openRig(liveUpstream(far.baseUrl, null));
    for (const { path, body } of Object.values(APIS)) await rig.post(path, body(0, false));
    expect(rig.calls.map(({ tokens }) => tokens)).toEqual([
      { input: 40, output: 20, cache_read: 60, cache_write: null, reasoning: 5 },
      { input: 40, output: 20, cache_read: 60, cache_write: null, reasoning: 5 },
      { input: 40, output: 20, cache_read: 60, cache_write: 7, reasoning: null },
    ]);
    expect(rig.calls.map(({ cost_usd }) => cost_usd)).toEqual([0.0125, null, null]);
    expect(rig.calls.map(({ stop_reason }) => stop_reason)).toEqual([
      ...["length", "max_output_tokens", "max_tokens"],
    ]);
    expect(rig.calls[0]?.answered_model).toBe("demo-2");
  });

  test("numbers the retries of one request, until it succeeds", async () => {
    let asked = 0;
    await using far = await endpoint((_, response) => {
      asked += 1;
      response.writeHead(asked < 3 ? 500 : 200, { "content-type": "application/json" }).end("{}");
    });
    await using rig = await openRig(liveUpstream(far.baseUrl, null));
    for (let time = 0; time < 4; time += 1)
      await rig.post("/v1/chat/completions", APIS["openai-chat"].body(0));
    expect(rig.calls.map(({ status, retry }) => [status, retry])).toEqual([
      [500, 0],
      [500, 1],
      [200, 2],
      [200, 0],
    ]);
  });

  test.each([
    ["an error within a stream", 'data: {"error":{"message":"overloaded"}}\n\n', "overloaded"],
    ["nothing that is JSON", "data: <html>\n\n", "the answer is not JSON"],
    ["lists where objects belong", 'data: {"choices":[[],1],"usage":[1]}\n\n', null],
    ["no choices", 'data: {"choices":null}\n\n', null],
  ])("that streams %s breaks nothing", async (_what, text, error) => {
    await using far = await endpoint((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).end(text);
    });
    await using rig = await openRig(liveUpstream(far.baseUrl, null));
    for (const { path, body } of Object.values(APIS))
      expect((await rig.post(path, body(0))).text).toBe(text);
    expect(rig.calls[0]).toMatchObject({ status: 200, text: null, tool_calls: [], error });
  });

  test("that says more than is kept is passed on whole and cut in the record, which says so", async () => {
    const long = "x".repeat(200_000);
    await using far = await endpoint((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const call = (index: number, text: string) =>
        `data: ${JSON.stringify({ choices: [{ delta: { tool_calls: [{ index, function: { name: "b", arguments: text } }] } }] })}\n\n`;
      response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: long } }] })}\n\n`);
      response.write(call(0, long));
      for (let index = 1; index < 400; index += 1) response.write(call(index, "{}"));
      response.end();
    });
    await using rig = await openRig(liveUpstream(far.baseUrl, null));
    const got = await rig.post("/v1/chat/completions", APIS["openai-chat"].body(0));
    expect(got.text.length).toBeGreaterThan(400_000);
    const [call] = rig.calls;
    expect(call).toMatchObject({ text_truncated: true, tool_calls_omitted: 400 - 256 });
    expect(call?.text).toHaveLength(64 * 1024);
    expect(call?.tool_calls[0]).toMatchObject({ arguments_truncated: true });
    expect(call?.tool_calls).toHaveLength(256);
  });

  test("that answers with something nested without end breaks nothing", async () => {
    const deep = "[".repeat(200_000) + "]".repeat(200_000);
    const text = `{"type":"message","content":[{"type":"tool_use","id":"a","name":"b","input":${deep}}]}`;
    await using far = await endpoint((_, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end(text);
    });
    await using rig = await openRig(liveUpstream(far.baseUrl, null));
    const { path, body } = APIS["anthropic-messages"];
    expect((await rig.post(path, body(0, false))).text).toBe(text);
    expect(rig.calls).toMatchObject([{ status: 200, text_truncated: true, tool_calls: [] }]);
  });

  test("that answers compressed, though asked for plain, is refused and recorded", async () => {
    await using far = await endpoint((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end("zzz");
    });
    await using rig = await openRig(liveUpstream(far.baseUrl, KEY));
    expect((await rig.post("/v1/responses", APIS["openai-responses"].body(0))).status).toBe(400);
    expect(rig.calls[0]?.error).toContain("gzip");
  });
});

describe("a request", () => {
  const { path, body } = APIS["openai-chat"];

  test("of more values than any agent sends is not carried, and its line says so", async () => {
    let asked = 0;
    await using far = await endpoint((_, response) => {
      asked += 1;
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
    await using rig = await openRig(liveUpstream(far.baseUrl, KEY));
    const many = { ...body(0), messages: Array.from({ length: 300_000 }, () => ({})) };
    expect((await rig.post(path, many)).status).toBe(403);
    expect(asked).toBe(0);
    expect(rig.calls).toMatchObject([
      {
        api: "openai-chat",
        model: null,
        unread: true,
        unread_because: expect.stringContaining("values"),
      },
    ]);
    const long = { role: "user", content: '[{,"\\'.repeat(300_000) };
    await rig.post(path, { ...body(1), messages: [long] });
    expect(rig.calls[1]).toMatchObject({ model: "demo", message_count: 1 });
    expect(asked).toBe(1);
  });

  test("past the bound of one, or of all at once, is refused, and its line says why", async () => {
    await using far = await endpoint((_, response) => void response.writeHead(200).end("{}"));
    await using rig = await openRig(liveUpstream(far.baseUrl, KEY));
    const content = "x".repeat(45 * 1024 * 1024);
    expect((await rig.post(path, { messages: content + content })).status).toBe(502);
    const three = [1, 2, 3].map(() => rig.post(path, { messages: content }));
    const got = await Promise.all(three);
    expect(got.filter(({ status }) => status === 502)).not.toEqual([]);
    expect((await rig.post(path, body(0))).status).toBe(200);
    const errors = rig.calls.flatMap(({ error }) => (error === null ? [] : [error]));
    expect(errors[0]).toMatch(/^a request larger than \d+ bytes$/);
    expect(errors.slice(1).join()).toMatch(/more than \d+ bytes of requests at once/);
  });
});

async function write(response: ServerResponse, piece: string): Promise<void> {
  response.write(piece);
  await new Promise((resolve) => setTimeout(resolve, 2));
}
