import { Readable } from "node:stream";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { shown } from "./row.js";

/** A refusal with its reason: for the page where it asks, for a person where a file is opened. */
export function fault(c: Context, status: ContentfulStatusCode, text: string) {
  if (c.req.path.startsWith("/api/")) return c.json({ error: shown(text) }, status);
  return c.text(`${shown(text)}\n`, status);
}

/**
 * A body that is sent as it is made. A HEAD gets what it would be sent with, and nothing is begun:
 * nobody would ever read it to its end.
 */
export async function streamed(
  c: Context,
  headers: Record<string, string>,
  begin: () => Readable | Promise<Readable>,
): Promise<Response> {
  if (c.req.method === "HEAD") return c.body(null, 200, headers);
  const stream = await begin();
  const { signal } = c.req.raw;
  // A reader that left before anything was sent reads nothing to its end.
  const end = () => void stream.destroy();
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return c.body(Readable.toWeb(stream) as ReadableStream, 200, headers);
}

/** A capture's id as a file's name that needs no quoting anywhere. */
export function fileName(id: string): string {
  return id.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^[.-]+/, "") || "capture";
}
