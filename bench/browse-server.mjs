// The server of the capture browser as the benchmarks need it.
import { createInterface } from "node:readline";
import { execa } from "execa";
import { built, MAIN } from "./built.mjs";

/** A server whose list is whole; the function that it gives ends it. */
export async function serve({ folder }, memory) {
  const { openBrowserServer } = await built("browse/server.js");
  const server = await openBrowserServer({
    ...{ captures: folder, host: "127.0.0.1", port: 0, token: null, memory: () => memory },
    start: null,
  });
  await server.scanned;
  return () => server[Symbol.asyncDispose]();
}

/** The same as a program; the function that it gives ends it. */
export async function serveAlone({ folder, count }, cache) {
  const words = ["browse", "--port", "0", "--captures", folder, "--json"];
  const env = { XDG_CACHE_HOME: cache };
  const child = execa(process.execPath, [MAIN, ...words], { env, reject: false, buffer: false });
  const end = async () => {
    child.kill("SIGINT");
    await child;
  };
  try {
    const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    const { url } = JSON.parse(value);
    for (let done = 0; done < count; ) {
      const answer = await fetch(new URL("/api/captures", url));
      [done] = (await answer.text()).split("\n", 1).map((head) => JSON.parse(head).done);
    }
    return Object.assign(end, { url, pid: child.pid });
  } catch (error) {
    await end();
    throw error;
  }
}
