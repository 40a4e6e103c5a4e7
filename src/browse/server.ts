import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createNetServer } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { errorCode, explain, UserError } from "../errors.js";
import { loadAssets } from "./assets.js";
import { openCatalogue } from "./catalogue.js";
import { openChangeStream } from "./changes.js";
import { fillIn } from "./fill-in.js";
import { isLoopback } from "./guard.js";
import { openLiveReports } from "./live-reports.js";
import { openReports } from "./report-page.js";
import { routes } from "./routes.js";
import { openStarts, type StartOptions } from "./start.js";

export interface BrowserRequest {
  captures: string;
  host: string;
  /** 0: any free one. */
  port: number;
  /** Asked of every visitor; made where it is null and the address is not this machine's alone. */
  token: string | null;
  /** The file in which the rows of a captures folder are remembered, or null for none. */
  memory(folder: string): string | null;
  /** How captures are started from the page, where they may be; then every visitor needs the token. */
  start: StartOptions | null;
}

/** A server that is listening. Disposing it ends every connection. */
export interface BrowserServer extends AsyncDisposable {
  /** Where to open it, with the token where there is one. */
  url: string;
  port: number;
  /** Whether there was no folder of that name, and an empty one was made. */
  folderIsNew: boolean;
  /** Resolves when every capture has been looked at once. */
  scanned: Promise<void>;
}

const MAX_CONNECTIONS = 256;
const MAX_HEADER_BYTES = 16 * 1024;
/** So long a reader may take nothing of what waits for it: a download holds its place meanwhile. */
const UNREAD_MS = 60_000;
const PORTS_TRIED = 50;
const TOKEN_BYTES = 24;
/** Why an address cannot be had, and what to do, by the system's code. */
const NOT_OURS = ["this machine has no such address", "name one that it has"] as const;
const WHY_NOT: Record<string, readonly [string, string]> = {
  ...{ EADDRNOTAVAIL: NOT_OURS, ENOTFOUND: NOT_OURS, EAI_AGAIN: NOT_OURS },
  EACCES: ["this user may not have that port", "name one from 1024 up"],
};

/**
 * Serves the captures of a folder. Throws UserError where the port is taken (naming the next free
 * one), the address is not one of this machine, or the folder cannot be used.
 */
export async function openBrowserServer(request: BrowserRequest): Promise<BrowserServer> {
  const { host } = request;
  // Loopback is every user's of this machine; who starts captures is to be this one.
  const alone = isLoopback(host) && request.start === null;
  const token = request.token ?? (alone ? null : randomBytes(TOKEN_BYTES).toString("base64url"));
  const assets = await loadAssets();
  // Bound before anything is made, so that a taken port leaves nothing behind.
  let app: Hono | null = null;
  const listener = getRequestListener((incoming, env) => {
    if (app === null) return new Response("Starting.\n", { status: 503 });
    return app.fetch(incoming, env);
  });
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: 10_000, requestTimeout: 30_000 },
    (incoming, outgoing) => void listener(incoming, outgoing),
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(UNREAD_MS, (socket) => {
    if (socket.writableLength > 0) socket.destroy();
  });
  const port = await listen(server, host, request.port);
  const { memory } = request;
  const catalogue = await openCatalogue(request.captures, { memory }).catch((error) => {
    server.close();
    throw error;
  });
  const starts = request.start === null ? null : openStarts(request.start);
  const changes = openChangeStream(catalogue, starts);
  const reports = openReports();
  const live = openLiveReports();
  app = routes({ catalogue, changes, reports, live, assets, starts }, { host, port, token });
  const closing = new AbortController();
  const filling = fillIn(catalogue, reports, closing.signal);
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${port}/${token === null ? "" : `?token=${token}`}`,
    port,
    folderIsNew: catalogue.isNew,
    scanned: catalogue.refresh(),
    async [Symbol.asyncDispose]() {
      closing.abort();
      await starts?.[Symbol.asyncDispose]();
      changes.close();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await catalogue[Symbol.asyncDispose]();
      await filling;
      await closed;
      live[Symbol.dispose]();
      await reports[Symbol.asyncDispose]();
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    server.listen(port, host);
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  } catch (error) {
    if (errorCode(error) === "EADDRINUSE") {
      const free = await nextFree(host, port + 1);
      throw new UserError(`port ${port} of ${host} is taken`, {
        ...(free === null ? {} : { hint: `free is: --port ${free}` }),
        cause: error,
      });
    }
    const [what, hint] = WHY_NOT[errorCode(error) ?? ""] ?? [explain(error), "name others"];
    throw new UserError(`${host}, port ${port}, cannot be listened on: ${what}`, {
      hint: `${hint} with --host and --port`,
      cause: error,
    });
  }
}

async function nextFree(host: string, from: number): Promise<number | null> {
  for (let port = from; port < Math.min(from + PORTS_TRIED, 65_536); port += 1) {
    const probe = createNetServer();
    try {
      probe.listen(port, host);
      await once(probe, "listening");
      return port;
    } catch {
      // Taken, too, or not for us.
    } finally {
      probe.close();
    }
  }
  return null;
}
