import { connect, createServer, type Socket } from "node:net";

/** A socket that leads to this machine's engine until it is closed: as where a daemon stops. */
export interface PassingEngine extends Disposable {
  /** For DOCKER_HOST. */
  address: string;
}

export async function openPassingEngine(path: string): Promise<PassingEngine> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (outer) => {
    const inner = connect({ path: "/var/run/docker.sock", allowHalfOpen: true });
    for (const [one, other] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.on("error", () => one.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    address: `unix://${path}`,
    [Symbol.dispose]() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
