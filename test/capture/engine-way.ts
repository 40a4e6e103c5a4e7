import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A way to the engine that can be cut, as a restart of the engine or a lost connection cuts it. */
export interface EngineWay extends AsyncDisposable {
  /** For DOCKER_HOST. */
  address: string;
  /** Cuts every connection; new ones are let through until it is closed. */
  cut(): void;
}

/** Leads to the engine at `near`, a Unix socket: from another one at `path`, else from a port of loopback. */
export async function openEngineWay(near: string, path?: string): Promise<EngineWay> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (outer) => {
    const inner = connect({ path: near, allowHalfOpen: true });
    for (const [one, other] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.on("error", () => one.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(path === undefined ? { port: 0, host: "127.0.0.1" } : { path });
  await once(server, "listening");
  const place = server.address();
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    address: typeof place === "string" ? `unix://${place}` : `tcp://127.0.0.1:${place?.port}`,
    cut,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      cut();
      await closed;
    },
  };
}
