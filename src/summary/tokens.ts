import type { ModelCall } from "../record/model-calls.js";
import type { NativeEvent } from "../record/native-events.js";
import type { Summary, TokenCount, TokenDifference } from "../record/summary.js";
import type { Material } from "./read.js";
import { countOf, type Fields, fields, sumOf, textOf } from "./text.js";

/** What is compared between the sources. How often they were asked is not: a retry is no message. */
const COMPARED: readonly TokenDifference["what"][] = [
  ...(["input", "output", "reasoning", "cache_read", "cache_write", "cost"] as const),
];
/** Costs are sums of fractions: less than this apart, in US dollars, is the same. */
const SAME_COST = 1e-6;

type Source = "gateway" | "native" | "session";

/** Tokens as each source counted them, null where it has nothing to say, and whether they agree. */
export function foldTokens(material: Material): Summary["tokens"] {
  const messages = material.session?.messages.map((message) => fields(message.info));
  const sources = {
    gateway: material.modelCalls?.length ? carried(material.modelCalls) : null,
    native: material.events ? counted(lastMessages(material.events)) : null,
    session: messages ? counted(messages) : null,
  };
  const differences = COMPARED.flatMap((what) => differenceIn(what, sources));
  const told = Object.values(sources).filter((count) => count !== null).length;
  return { ...sources, agree: told < 2 ? null : differences.length === 0, differences };
}

function differenceIn(
  what: TokenDifference["what"],
  sources: Record<Source, TokenCount | null>,
): TokenDifference[] {
  const said = (source: Source) => {
    const value = sources[source]?.[what];
    // An agent that knows no price says that it cost nothing.
    return value === undefined || (what === "cost" && value === 0) ? null : value;
  };
  const each = { gateway: said("gateway"), native: said("native"), session: said("session") };
  const values = Object.values(each).filter((value) => value !== null);
  const by = values.length < 2 ? 0 : Math.max(...values) - Math.min(...values);
  return by > (what === "cost" ? SAME_COST : 0) ? [{ what, ...each, by }] : [];
}

function carried(calls: readonly ModelCall[]): TokenCount {
  const sum = (read: (call: ModelCall) => number | null | undefined) =>
    sumOf(calls.map((call) => read(call) ?? 0));
  /** Nothing where no answer told it: that is not the same as none. */
  const told = (
    name: "reasoning" | "cache_read" | "cache_write",
    read: (call: ModelCall) => number | null | undefined,
  ) => (calls.some((call) => typeof read(call) === "number") ? { [name]: sum(read) } : {});
  const untold = calls.filter((call) => !toldTokens(call)).length;
  return {
    calls: calls.length,
    input: sum(({ tokens }) => tokens.input),
    output: sum(({ tokens }) => tokens.output),
    ...told("reasoning", ({ tokens }) => tokens.reasoning),
    ...told("cache_read", ({ tokens }) => tokens.cache_read),
    ...told("cache_write", ({ tokens }) => tokens.cache_write),
    ...costOf(calls),
    ...(untold > 0 ? { calls_untold: untold } : {}),
  };
}

/** What calls cost, as far as it is known, and who says so. Nothing where it is known of none. */
function costOf(
  calls: readonly ModelCall[],
): Pick<TokenCount, "cost" | "cost_sources" | "calls_unpriced"> {
  const known = calls.filter(isPriced);
  if (known.length === 0) return {};
  const sources = new Set(known.map(({ cost_source }) => cost_source ?? "answered"));
  const unpriced = calls.filter((call) => toldTokens(call) && !isPriced(call)).length;
  return {
    cost: sumOf(known.map(({ cost_usd }) => cost_usd ?? 0)),
    cost_sources: [...sources],
    ...(unpriced > 0 ? { calls_unpriced: unpriced } : {}),
  };
}

function isPriced({ cost_usd }: ModelCall): boolean {
  return typeof cost_usd === "number";
}

function toldTokens({ tokens: { input, output } }: ModelCall): boolean {
  return input !== null || output !== null;
}

/** `message.updated` repeats a message as it grows: the last one of each id counts. */
function lastMessages(events: readonly NativeEvent[]): Fields[] {
  const last = new Map<string, Fields>();
  for (const event of events) {
    if (event.type !== "message.updated") continue;
    const info = fields(fields(fields(event.data).properties).info);
    const id = textOf(info.id);
    if (id !== null) last.set(id, info);
  }
  return [...last.values()];
}

/** OpenCode counts the tokens of reasoning beside those of output, and endpoints within them. */
function counted(messages: readonly Fields[]): TokenCount | null {
  const said = messages.filter((info) => info.role === "assistant");
  if (said.length === 0) return null;
  const sum = (read: (tokens: Fields, info: Fields) => unknown) =>
    sumOf(said.map((info) => countOf(read(fields(info.tokens), info))));
  return {
    calls: said.length,
    input: sum((tokens) => tokens.input),
    output: sumOf([sum((tokens) => tokens.output), sum((tokens) => tokens.reasoning)]),
    reasoning: sum((tokens) => tokens.reasoning),
    cache_read: sum((tokens) => fields(tokens.cache).read),
    cache_write: sum((tokens) => fields(tokens.cache).write),
    cost: sum((_, info) => info.cost),
  };
}
