import type { Hono } from "hono";
import { fault } from "./answers.js";
import { NotStarted, type Starts } from "./start.js";
import { StartRequest } from "./start-process.js";

/**
 * The addresses by which captures are started and ended. A request's wishes are in its query: no
 * request here has a body.
 */
export function startRoutes(app: Hono, starts: Starts): void {
  app.get("/api/starts", async (c) =>
    c.json({ issues: await starts.issues(), starts: starts.all() }),
  );
  app.post("/api/starts", async (c) => {
    const asked = StartRequest.safeParse(c.req.query());
    if (!asked.success) {
      const [first] = asked.error.issues;
      return fault(c, 400, `${first?.path.join(".") ?? ""}: ${first?.message ?? ""}`);
    }
    try {
      return c.json(await starts.start(asked.data), 202);
    } catch (error) {
      if (error instanceof NotStarted) return fault(c, 409, error.message);
      throw error;
    }
  });
  app.delete("/api/starts/:id", (c) =>
    starts.end(c.req.param("id")) ? c.json({}) : fault(c, 404, "It is not there any more."),
  );
}
