import { useMemo } from "preact/hooks";
import type { Index, Kind, Ms, ReportData } from "../data.js";
import { countOf, type Only } from "./address.js";
import { ITEMS, searchable } from "./items.js";
import { useData, useStore } from "./store.js";

/** What limits the panes. */
export interface Filter {
  range: readonly [Ms, Ms] | null;
  query: string;
  only: Only;
  call: Index | null;
}

/** The items of one kind that pass, by their positions in the order of the record, and how many there are. */
export interface Shown {
  shown: readonly Index[];
  total: number;
  /** Left out by the range for it is not known when they were. */
  timeless: number;
}

/**
 * The items that pass a filter: they overlap the range, hold every word of the query, and were
 * caused by the call or by none. What has no known time is in no range, and is counted.
 */
export function shownOf(data: ReportData, kind: Kind, filter: Filter): Shown {
  const { range, only, call } = filter;
  const total = countOf(data, kind);
  const words = wordsOf(filter.query);
  const texts = words.length > 0 ? searchable(data, kind) : null;
  const { span, call: callOf, unclaimed } = ITEMS[kind];
  const asked = only === "call" && call !== null ? data.calls[call]?.turn : null;
  const shown: Index[] = [];
  let timeless = 0;
  for (let at = 0; at < total; at += 1) {
    if (only === "unclaimed" && !unclaimed(data, at)) continue;
    if (only === "call" && call !== null) {
      if (kind === "turn" ? at !== asked : callOf(data, at) !== call) continue;
    }
    if (texts !== null && !words.every((word) => texts[at]?.includes(word))) continue;
    if (range !== null) {
      const when = span(data, at);
      if (when === null) timeless += 1;
      if (when === null || when[1] < range[0] || when[0] > range[1]) continue;
    }
    shown.push(at);
  }
  return { shown, total, timeless };
}

/** Whether a filter leaves anything out. */
export function isLimited({ range, query, only }: Filter): boolean {
  return range !== null || query !== "" || only !== "all";
}

/** The words of a query, in lower case: an item must hold each. */
export function wordsOf(query: string): string[] {
  return query.toLowerCase().split(/\s+/).filter(Boolean);
}

/** The filter as it stands; the same object until it changes. */
export function useFilter(): Filter {
  const range = useStore((state) => state.range);
  const query = useStore((state) => state.query);
  const only = useStore((state) => state.only);
  const call = useStore((state) => (state.only === "call" ? state.call : null));
  return useMemo(() => ({ range, query, only, call }), [range, query, only, call]);
}

/** The items of a kind that pass the filter. */
export function useShown(kind: Kind): Shown {
  const data = useData();
  const filter = useFilter();
  return useMemo(() => shownOf(data, kind, filter), [data, kind, filter]);
}
