import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { errorCode, explain, UserError } from "../errors.js";
import { NotContained } from "../record/contained.js";
import { UnreadableRecord } from "../record/read.js";
import { fault, streamed } from "./answers.js";
import type { Assets } from "./assets.js";
import { captureRoutes } from "./capture-routes.js";
import type { Catalogue } from "./catalogue.js";
import type { ChangeStream } from "./changes.js";
import { type GuardOptions, guard } from "./guard.js";
import { listing } from "./listing.js";
import type { LiveReports } from "./live-reports.js";
import { opening } from "./opening.js";
import type { Reports } from "./report-page.js";
import type { Starts } from "./start.js";
import { startRoutes } from "./start-routes.js";

export interface Parts {
  catalogue: Catalogue;
  changes: ChangeStream;
  /** Of captures that have ended, and of those that go on. */
  reports: Reports;
  live: LiveReports;
  assets: Assets;
  /** Null where captures are not started here. */
  starts: Starts | null;
}

const BEGUN_WITHIN_MS = 250;
/** The page frames a report, and so also the reason for which there is none. */
const FILE_POLICY = "default-src 'none'; frame-ancestors 'self'; sandbox";

/** Every address of the server. A capture is found by its id in the list, never by a path. */
export function routes(parts: Parts, options: GuardOptions) {
  const { catalogue, changes, assets, starts } = parts;
  const app = new Hono();
  app.use(
    secureHeaders({
      ...{
        originAgentCluster: false,
        strictTransportSecurity: false,
        xFrameOptions: false,
        referrerPolicy: "no-referrer",
      },
      permissionsPolicy: { camera: [], microphone: [], geolocation: [], payment: [], usb: [] },
    }),
    async (c, next) => {
      await next();
      c.header("Cache-Control", "no-store");
      if (!c.res.headers.has("Content-Security-Policy"))
        c.header("Content-Security-Policy", FILE_POLICY);
    },
    guard(options),
  );
  app.onError((error, c) => {
    if (error instanceof HTTPException) return fault(c, error.status, error.message);
    if (errorCode(error) === "ENOENT") return fault(c, 404, "This file is not there.");
    const ofTheCapture = [NotContained, UnreadableRecord, UserError].some(
      (kind) => error instanceof kind,
    );
    // Where the captures lie on this machine is nobody's business.
    const text = explain(error).replaceAll(`${catalogue.folder}/`, "");
    return fault(c, ofTheCapture ? 409 : 500, text);
  });
  app.notFound((c) => fault(c, 404, "There is nothing here."));

  app.get("/", async (c) => {
    // Where folders are read for the first time, the page has its first rows nevertheless.
    await Promise.race([catalogue.begun, setTimeout(BEGUN_WITHIN_MS, undefined, { ref: false })]);
    c.header("Content-Security-Policy", assets.policy);
    return c.html(assets.html(opening(catalogue, starts !== null, new URL(c.req.url).search)));
  });

  app.get("/api/captures", (c) =>
    streamed(c, { "Content-Type": "application/x-ndjson" }, () =>
      Readable.from(listing(catalogue, starts !== null)),
    ),
  );
  app.get("/api/changes", (c) => {
    const headers = { "Content-Type": "text/event-stream" };
    if (c.req.method === "HEAD") return c.body(null, 200, headers);
    const stream = changes.open(c.req.raw.signal);
    if (stream === null) return fault(c, 503, "Too many pages are open.");
    return c.body(stream, 200, headers);
  });
  app.post("/api/refresh", async (c) => {
    await catalogue.refresh();
    return c.json(catalogue.progress());
  });
  captureRoutes(app, catalogue, parts);
  if (starts !== null) startRoutes(app, starts);
  return app;
}
