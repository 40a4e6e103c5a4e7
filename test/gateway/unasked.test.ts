import { Duplex } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { DoorConnection } from "../../src/gateway/egress-door.js";
import { openUnasked, type Unasked } from "../../src/gateway/unasked.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const connection = (): DoorConnection =>
  Object.assign(new Duplex(), { setTimeout: () => {}, destroySoon: () => {} });
let ended: [DoorConnection, string][];
let unasked: Unasked;
beforeEach(() => {
  ended = [];
  unasked = openUnasked((one, reason) => void ended.push([one, reason]));
});

test("who says nothing has ten seconds, who begins a request half a minute", () => {
  const [silent, slow, whole] = [connection(), connection(), connection()];
  unasked.enter(silent, "silent");
  for (const one of [slow, whole]) {
    unasked.enter(one, "silent");
    unasked.enter(one, "asking");
  }
  unasked.leave(whole);
  vi.advanceTimersByTime(9_999);
  expect(ended).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(ended).toEqual([[silent, "said nothing for 10 s"]]);
  vi.advanceTimersByTime(60_000);
  expect(ended.slice(1)).toEqual([[slow, "made no whole request within 30 s"]]);
});

test("of too many of a kind the oldest goes, and of the other kind none", () => {
  const first = Array.from({ length: 32 }, connection);
  for (const one of first) unasked.enter(one, "asking");
  const flood = Array.from({ length: 100 }, connection);
  for (const one of flood) unasked.enter(one, "silent");
  expect(ended.map(([one]) => one)).toEqual(flood.slice(0, 68));
  expect(ended[0]?.[1]).toBe("one of more than 32 connections that say nothing");
  unasked.enter(connection(), "asking");
  expect(ended.at(-1)?.[0]).toBe(first[0]);
});

test("one that is gone already takes no place", () => {
  const gone = connection();
  gone.destroy();
  unasked.enter(gone, "silent");
  vi.advanceTimersByTime(60_000);
  expect(ended).toEqual([]);
});
