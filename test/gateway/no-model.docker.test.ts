import { expect, test } from "vitest";
import { captureIssue, observed, scratch } from "../capture/room.js";
import { live } from "./far-model.js";
import { endpoint } from "./rig.js";

test("OpenCode ends at once where a web page answers for the model, and the run says so", async () => {
  using folder = scratch();
  await using far = await endpoint((_, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><p>Sign in");
  });
  const done = await captureIssue(folder.issues([]), folder.path, { model: live(far) });
  expect(done.record).toMatchObject({ run_status: "failed", capture_valid: true });
  expect(done.record.run_status_reason).toMatch(
    /^exit code 1: .*no model can be asked there: HTTP 200: the endpoint answered with a web page.*check the base URL/,
  );
  const { calls } = await observed(done);
  expect(calls.map(({ status, retry }) => ({ status, retry }))).toEqual([
    { status: null, retry: 0 },
  ]);
});
