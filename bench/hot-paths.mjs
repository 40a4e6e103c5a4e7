// The three paths that bytes flow through in bulk, each against the least that could be done.
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Bench } from "tinybench";
import { built } from "./built.mjs";
import { syntheticRun } from "./synthetic-run.mjs";

const FRAMES = 512;
const FRAME_BYTES = 32 * 1024;
const EVENTS = 5_000;

export async function hotPaths({ folder, signal, rounds = 10, say }) {
  const { demultiplex } = await built("sandbox/frames.js");
  const { openLog } = await built("capture/log.js");
  const { readJsonLines } = await built("record/lines.js");
  const { NativeEvent } = await built("record/native-events.js");

  const run = join(folder, "run");
  await syntheticRun(run, { processes: 500, events: EVENTS });
  const events = join(run, "events/opencode_events.jsonl");
  const bytes = Buffer.from(
    `${"a line of output, as programs print it\n".repeat(FRAME_BYTES / 32)}`,
  );
  const piece = bytes.subarray(0, FRAME_BYTES);
  const head = Buffer.alloc(8);
  head[0] = 1;
  head.writeUInt32BE(FRAME_BYTES, 4);
  const frame = Buffer.concat([head, piece]);

  const cases = [
    {
      what: `split the engine's frames, ${megabytes(FRAMES * FRAME_BYTES)}`,
      baseline: () =>
        pipeline(repeated(frame), new PassThrough({ readableObjectMode: true }), drain),
      ours: () => pipeline(repeated(frame), demultiplex(), drain),
    },
    {
      what: `log the agent's output twice, ${megabytes(FRAMES * FRAME_BYTES)}`,
      baseline: async () => {
        const file = await open(join(folder, "plain.log"), "w");
        for (let at = 0; at < FRAMES; at += 1) await file.write(piece);
        await file.close();
      },
      ours: async () => {
        const log = await openLog(run);
        for (let at = 0; at < FRAMES; at += 1) await log.output({ stream: "stdout", bytes: piece });
        await log.close();
      },
    },
    {
      what: `read and check ${EVENTS} native events`,
      baseline: async () => {
        const text = await readFile(events, "utf8");
        return text.trim().split("\n").map(JSON.parse);
      },
      ours: () => readJsonLines(events, NativeEvent),
    },
  ];
  say(`${rounds} rounds of ${cases.length} paths`);
  const rows = [];
  for (const { what, baseline, ours } of cases) {
    const bench = new Bench({
      iterations: rounds,
      time: 0,
      warmupTime: 0,
      warmupIterations: 2,
      signal,
    });
    bench.add("baseline", baseline).add("ours", ours);
    await bench.run();
    signal.throwIfAborted();
    rows.push(rowFrom(what, bench, rounds));
  }
  return rows;
}

/** tinybench runs one task after the other, so the ratio is one of medians, not of pairs. */
function rowFrom(what, bench, rounds) {
  const [baseline, ours] = bench.tasks.map(({ result }) => {
    if (result.state !== "completed") throw result.error ?? new Error(`${what}: ${result.state}`);
    return result.latency.p50;
  });
  return { part: "hot-paths", what, unit: "ms", ours, baseline, ratio: ours / baseline, rounds };
}

function* repeated(frame) {
  for (let at = 0; at < FRAMES; at += 1) yield frame;
}

async function drain(stream) {
  for await (const _ of stream);
}

function megabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}
