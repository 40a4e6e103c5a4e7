import type { ModelCall } from "../record/model-calls.js";
import type { Summary } from "../record/summary.js";
import { sumOf } from "../summary/text.js";
import { promptTokens } from "./model-calls.js";

/** What a turn cost, as ATIF's metrics of a step; what nobody told is left out. */
export function turnMetrics(turn: ModelCall) {
  const { output, cache_read, cache_write, reasoning } = turn.tokens;
  const extra = {
    ...given("cache_write_tokens", cache_write),
    ...given("reasoning_tokens", reasoning),
  };
  return {
    ...given("prompt_tokens", promptTokens(turn)),
    ...given("completion_tokens", output),
    ...given("cached_tokens", cache_read),
    ...given("cost_usd", turn.cost_usd),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

/** The same of all turns together. */
export function totalMetrics(turns: readonly ModelCall[], summary: Summary) {
  return {
    total_prompt_tokens: sum(turns, promptTokens),
    total_completion_tokens: sum(turns, ({ tokens }) => tokens.output),
    total_cached_tokens: sum(turns, ({ tokens }) => tokens.cache_read),
    ...given("total_cost_usd", costOf(turns, summary)),
  };
}

/** What the answers told, in US dollars; else what the agent reckoned, where it knew a price at all. */
function costOf(turns: readonly ModelCall[], { tokens }: Summary): number | undefined {
  if (turns.some(({ cost_usd }) => typeof cost_usd === "number"))
    return sum(turns, ({ cost_usd }) => cost_usd);
  return tokens.session?.cost || tokens.native?.cost || undefined;
}

function given(name: string, value: number | null | undefined): Record<string, number> {
  return typeof value === "number" ? { [name]: value } : {};
}

function sum(
  turns: readonly ModelCall[],
  read: (turn: ModelCall) => number | null | undefined,
): number {
  return sumOf(turns.map((turn) => read(turn) ?? 0));
}
