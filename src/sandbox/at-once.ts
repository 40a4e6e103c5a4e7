/** Disposables that need one another no more once any of them goes. */
export interface AtOnce extends AsyncDisposable {
  /** Takes one in and gives it back. */
  add<T extends AsyncDisposable>(one: T): T;
  /** Begins to dispose of one ahead of the others, whose disposal then waits for it. */
  letGo(one: AsyncDisposable): void;
}

/**
 * Gathers what is disposed of at once, as the containers of a run are: each takes the engine a moment.
 * Disposing throws what the first of those that failed threw, after all have ended.
 */
export function atOnce(): AtOnce {
  const all = new Map<AsyncDisposable, Promise<void> | null>();
  const end = (one: AsyncDisposable) => {
    const ending = all.get(one) ?? Promise.resolve(one[Symbol.asyncDispose]());
    all.set(one, ending);
    return ending;
  };
  return {
    add(one) {
      all.set(one, null);
      return one;
    },
    letGo(one) {
      end(one).catch(() => {}); // told with the others
    },
    async [Symbol.asyncDispose]() {
      for (const ended of await Promise.allSettled([...all.keys()].map(end)))
        if (ended.status === "rejected") throw ended.reason;
    },
  };
}
