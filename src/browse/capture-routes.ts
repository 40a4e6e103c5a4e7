import { once } from "node:events";
import { rm } from "node:fs/promises";
import { Readable } from "node:stream";
import type { Context, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { exportCapture } from "../export/export.js";
import { EXPORT_FORMATS, type ExportFormat } from "../export/formats.js";
import { assertContained } from "../record/contained.js";
import { RunFile, runFile } from "../record/directory.js";
import { openRegular } from "../record/read.js";
import { fault, fileName, streamed } from "./answers.js";
import { archive } from "./archive.js";
import { parseAttempt } from "./attempts.js";
import type { Catalogue } from "./catalogue.js";
import { limiter } from "./limiter.js";
import type { LiveReports } from "./live-reports.js";
import type { Reports } from "./report-page.js";
import { shown } from "./row.js";

/** So many are made at once, and so many more wait: what is looked at, and what is downloaded. */
const LOOKS = { atOnce: 2, waiting: 30 };
const DOWNLOADS = { atOnce: 4, waiting: 8 };
/** Shown as they are, as text; the report has an address of its own. */
const SHOWN_FILES = Object.entries(RunFile).filter(
  ([, file]) => file !== RunFile.report && file !== RunFile.workspace,
);

/** The addresses of one capture, or of an attempt. It is found by its id, never by a path. */
export function captureRoutes(
  app: Hono,
  catalogue: Catalogue,
  { reports, live }: { reports: Reports; live: LiveReports },
): void {
  const limit = limiter(LOOKS.atOnce, LOOKS.waiting);
  const downloads = limiter(DOWNLOADS.atOnce, DOWNLOADS.waiting);
  const found = (c: Context) => {
    const capture = catalogue.find(c.req.param("id") ?? "");
    if (capture === undefined)
      throw new HTTPException(404, { message: "There is no such capture." });
    return capture;
  };
  app.get("/api/captures/:id/facts", (c) =>
    limit(async () => {
      const { directory } = found(c);
      assertContained(directory);
      let line = "";
      for await (const piece of exportCapture(directory, "jsonl")) line += piece;
      // Every text is made visible on its way out, as everywhere on the page.
      return c.json(
        JSON.parse(line, (_, value) => (typeof value === "string" ? shown(value) : value)),
      );
    }),
  );
  app.post("/api/captures/:id/make", (c) =>
    limit(async () => {
      const { directory, row } = found(c);
      if (row.state === "running") return fault(c, 409, "The capture is still running.");
      await reports.make(directory);
      await catalogue.reread(row.id);
      return c.json({ made: true });
    }),
  );
  app.delete("/api/captures/:id", async (c) => {
    const { directory, row } = found(c);
    if (row.state === "running") return fault(c, 409, "The capture is still running.");
    if (parseAttempt(row.id) !== null) return fault(c, 409, "An attempt is a part of its capture.");
    await rm(directory, { recursive: true, force: true });
    await catalogue.reread(row.id);
    return c.json({ deleted: true });
  });

  app.get("/captures/:id/report", (c) =>
    limit(async () => {
      const { directory, row } = found(c);
      const html = await (row.state === "running" ? live : reports).html(directory);
      c.header("Content-Security-Policy", await reports.policy());
      if (row.state !== "running" && row.findings === null) await catalogue.reread(row.id);
      return c.html(html);
    }),
  );
  app.get("/captures/:id/report-data", async (c) => {
    const { directory, row } = found(c);
    if (row.state !== "running") return fault(c, 409, "The capture has ended.");
    const json = await live.data(directory, c.req.raw.signal);
    return c.body(json, 200, { "Content-Type": "application/json" });
  });
  app.get("/captures/:id/files/:name", async (c) => {
    const { directory } = found(c);
    const name = c.req.param("name");
    const file = SHOWN_FILES.find(([key]) => key === name)?.[1];
    if (file === undefined) return fault(c, 404, "There is no such file.");
    assertContained(directory);
    const handle = await openRegular(runFile(directory, file));
    const { size } = await handle.stat();
    if (c.req.method === "HEAD" || size === 0) await handle.close();
    const headers = {
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Disposition": `inline; filename="${file.slice(file.lastIndexOf("/") + 1)}"`,
    };
    return streamed(c, headers, () =>
      size === 0 ? Readable.from([]) : handle.createReadStream({ end: size - 1 }),
    );
  });
  /** The place in the limit is held until the last byte or the reader's leaving. */
  const download = (c: Context, name: string, type: string, make: () => Readable) => {
    const headers = {
      "Content-Type": type,
      "Content-Disposition": `attachment; filename="${name}"`,
    };
    const begin = async () => {
      const stream = make();
      // What cannot be made is refused, with its reason, before an answer has begun.
      await once(stream, "readable");
      return stream;
    };
    return streamed(c, headers, () => downloads.stream(begin));
  };
  app.get("/captures/:id/export/:format", async (c) => {
    const { directory, row } = found(c);
    const name = c.req.param("format");
    if (!Object.hasOwn(EXPORT_FORMATS, name)) return fault(c, 404, "There is no such format.");
    const format = name as ExportFormat;
    assertContained(directory);
    const { extension, mediaType } = EXPORT_FORMATS[format];
    return download(c, `${fileName(row.id)}${extension}`, mediaType, () =>
      Readable.from(exportCapture(directory, format)),
    );
  });
  app.get("/captures/:id/archive", async (c) => {
    const { directory, row } = found(c);
    assertContained(directory);
    const name = fileName(row.id);
    return download(c, `${name}.tar.gz`, "application/gzip", () =>
      archive({ directory, goesOn: row.state !== "sealed" }, name, c.req.raw.signal),
    );
  });
}
