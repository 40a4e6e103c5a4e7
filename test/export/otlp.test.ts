import protobuf from "protobufjs";
import { beforeAll, describe, expect, it } from "vitest";
import { sharedFolder, temporaryFolder } from "../folder.js";
import { exported, faults, GOLDEN, schema } from "./exported.js";
import { bareRun, changedTurn, hostileRun } from "./runs.js";

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  links?: { spanId: string }[];
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: { stringValue?: string; intValue?: string } }[];
}
interface TracesData {
  resourceSpans: {
    resource: { attributes: Span["attributes"] };
    scopeSpans: { spans: Span[]; schemaUrl: string }[];
  }[];
}

const tracesOf = async (directory: string): Promise<TracesData> =>
  JSON.parse(await exported(directory, "otlp"));
const spansOf = ({ resourceSpans }: TracesData): Span[] =>
  resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
const attribute = (span: Span | undefined, key: string) =>
  span?.attributes.find((one) => one.key === key)?.value;

const folder = sharedFolder();
let hostile: string;
let bare: string;
beforeAll(async () => {
  [hostile, bare] = [await hostileRun(folder), await bareRun(folder)];
});

describe("OpenTelemetry's own definitions", () => {
  const message = protobuf.Root.fromJSON(schema("otlp-proto")).lookupType(
    "opentelemetry.proto.trace.v1.TracesData",
  );
  const { version, attributes: names } = schema<{ version: string; attributes: string[] }>(
    "semantic-conventions",
  );

  it.each([
    ["the golden run", () => GOLDEN],
    ["a hostile run", () => hostile],
    ["a run of which only the record is left", () => bare],
  ])("take %s to protobuf and back without a loss", async (_, directory) => {
    const traces = await tracesOf(directory());
    const carried = message.toObject(
      message.decode(message.encode(message.fromObject(withBytes(traces))).finish()),
      { longs: String, bytes: Buffer },
    );
    // Protobuf knows no empty list.
    expect(JSON.parse(JSON.stringify(carried, replaceBytes))).toEqual(
      JSON.parse(JSON.stringify(traces), (_, value) =>
        Array.isArray(value) && value.length === 0 ? undefined : value,
      ),
    );
  });

  it("know each attribute, but for those of ours, and an answer's form", async () => {
    const traces = await tracesOf(hostile);
    const [resource] = traces.resourceSpans;
    expect(resource?.scopeSpans[0]?.schemaUrl).toBe(`https://opentelemetry.io/schemas/${version}`);
    const used = [resource?.resource, ...spansOf(traces)].flatMap((one) => one?.attributes ?? []);
    const foreign = new Set(
      used.map(({ key }) => key).filter((key) => !key.startsWith("capture.")),
    );
    expect([...foreign].filter((name) => !names.includes(name))).toEqual([]);
    const answers = used.filter(({ key }) => key === "gen_ai.output.messages");
    expect(answers.length).toBeGreaterThan(5);
    for (const { value } of answers)
      expect(faults(JSON.parse(value.stringValue ?? ""), "gen-ai-output-messages")).toEqual([]);
  });
});

describe("the spans", () => {
  it("are one tree under the run, with ids of the length that OTLP asks for", async () => {
    for (const directory of [GOLDEN, hostile]) {
      const all = spansOf(await tracesOf(directory));
      const ids = new Set(all.map(({ spanId }) => spanId));
      expect(ids.size).toBe(all.length);
      expect(all.filter(({ parentSpanId }) => parentSpanId === undefined)).toHaveLength(1);
      for (const span of all) {
        expect(`${span.traceId} ${span.spanId}`).toMatch(/^[0-9a-f]{32} [0-9a-f]{16}$/);
        expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
      }
      const reached = new Set<string | undefined>([undefined]);
      for (let before = 0; reached.size > before; ) {
        before = reached.size;
        for (const { spanId, parentSpanId } of all)
          if (reached.has(parentSpanId)) reached.add(spanId);
      }
      expect([...ids].filter((id) => !reached.has(id))).toEqual([]);
    }
  });

  it("have one for each tool call, also where a model gave ids twice or none", async () => {
    const calls = spansOf(await tracesOf(hostile)).filter(({ name }) =>
      name.startsWith("execute_tool"),
    );
    const same = calls.filter(
      (span) => attribute(span, "gen_ai.tool.call.id")?.stringValue === "same",
    );
    expect(same).toHaveLength(2);
  });

  it("hang the first process of a call from the call, and link the call to its model turn", async () => {
    const all = spansOf(await tracesOf(GOLDEN));
    const install = all.find(
      (span) => attribute(span, "gen_ai.tool.call.id")?.stringValue === "call_2_1",
    );
    const children = all.filter(({ parentSpanId }) => parentSpanId === install?.spanId);
    expect(children.map(({ name }) => name)).toEqual(["node"]);
    const asker = all.find(({ spanId }) => spanId === install?.links?.[0]?.spanId);
    expect(asker?.name).toBe("chat demo");
    expect(attribute(asker, "gen_ai.output.messages")?.stringValue).toContain(
      "install the package from its folder.",
    );
  });

  it("count a prompt's tokens whole, with those of a cache told beside, and times in seconds", async () => {
    const directory = await changedTurn(temporaryFolder(), {
      tokens: { input: 10, output: 5, cache_read: 70, cache_write: 20, reasoning: 3 },
      ...{ stop_reason: "max_tokens", first_byte_ms: 2_000, duration_ms: 3_000, cost_usd: 1 },
    });
    const chat = spansOf(await tracesOf(directory)).find(({ name }) => name.startsWith("chat "));
    const found = Object.fromEntries(chat?.attributes.map(({ key, value }) => [key, value]) ?? []);
    expect(found).toMatchObject({
      "gen_ai.usage.input_tokens": { intValue: "100" },
      "gen_ai.usage.output_tokens": { intValue: "5" },
      "gen_ai.usage.cache_read.input_tokens": { intValue: "70" },
      "gen_ai.usage.cache_creation.input_tokens": { intValue: "20" },
      "gen_ai.usage.reasoning.output_tokens": { intValue: "3" },
      "gen_ai.response.time_to_first_chunk": { doubleValue: 2 },
      "gen_ai.response.finish_reasons": { arrayValue: { values: [{ stringValue: "max_tokens" }] } },
      "capture.call.cost_usd": { doubleValue: 1 },
    });
    expect(chat?.attributes.find(({ key }) => key === "gen_ai.output.messages")?.value).toEqual({
      stringValue: expect.stringContaining('"finish_reason":"length"'),
    });
  });
});

/** OTLP's JSON has its ids in hexadecimal, where protobuf's has base64. */
function withBytes(traces: TracesData): object {
  return JSON.parse(JSON.stringify(traces), (key, value) =>
    ["traceId", "spanId", "parentSpanId"].includes(key)
      ? Buffer.from(value, "hex").toString("base64")
      : value,
  );
}

function replaceBytes(_: string, value: unknown): unknown {
  const { type, data } = (value ?? {}) as { type?: string; data?: number[] };
  return type === "Buffer" ? Buffer.from(data ?? []).toString("hex") : value;
}
