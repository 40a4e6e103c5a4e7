import { expect, test } from "vitest";
import { atOnce } from "../../src/sandbox/at-once.js";

/** One that ends when it is told to, and says how often it was disposed of. */
function slow() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    times: 0,
    end: () => end(),
    [Symbol.asyncDispose]() {
      this.times += 1;
      return ended;
    },
  };
}

test("what is let go ahead is disposed of once, and waited for with the others", async () => {
  const [ahead, other] = [slow(), slow()];
  const all = atOnce();
  all.add(ahead);
  all.add(other);
  all.letGo(ahead);
  expect([ahead.times, other.times]).toEqual([1, 0]);
  let gone = false;
  const ending = all[Symbol.asyncDispose]().then(() => {
    gone = true;
  });
  other.end();
  await new Promise(setImmediate);
  expect(gone).toBe(false);
  ahead.end();
  await ending;
  expect([ahead.times, other.times]).toEqual([1, 1]);
});

test("one that cannot go is told after all have ended", async () => {
  const other = slow();
  const all = atOnce();
  all.letGo(
    all.add({ [Symbol.asyncDispose]: () => Promise.reject<void>(new Error("still there")) }),
  );
  all.add(other).end();
  await expect(all[Symbol.asyncDispose]()).rejects.toThrow("still there");
  expect(other.times).toBe(1);
});
