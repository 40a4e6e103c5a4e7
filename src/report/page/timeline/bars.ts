import type { Kind, ReportData } from "../../data.js";
import { countOf } from "../address.js";
import { idAt, type Lane, overlapping, type Tone } from "./lanes.js";
import type { Colours, Scene, ToX } from "./scene.js";

/** More items in view than this are drawn as a density, for they would cover each other. */
const MAX_BARS = 700;

/** The colour of a lane of which nothing stands out, where it is not `plain`. */
const CALM: Partial<Record<Kind, Tone>> = { call: "good", turn: "model" };

/** Draws the items of a lane below its `top`: each, or how many there are; why there is none. */
export function drawLane(
  context: CanvasRenderingContext2D,
  scene: Scene,
  lane: Lane,
  top: number,
  x: ToX,
): void {
  const inView = overlapping(lane, scene.window[0], scene.window[1]);
  if (lane.items.length === 0) drawNothing(context, scene, lane, top);
  else if (inView.length > MAX_BARS) drawDensity(context, scene, lane, inView, top, x);
  else drawBars(context, scene, lane, inView, top, x);
}

function drawBars(
  context: CanvasRenderingContext2D,
  scene: Scene,
  lane: Lane,
  inView: readonly number[],
  top: number,
  x: ToX,
): void {
  const { colours, selected, width } = scene;
  const height = lane.height / lane.rowCount;
  context.font = "10.5px system-ui, sans-serif";
  for (const at of inView) {
    const left = Math.max(-2, x(lane.starts[at] ?? 0));
    const length = Math.max(2, Math.min(width + 2, x(lane.ends[at] ?? 0)) - left);
    const y = top + (lane.rows[at] ?? 0) * height;
    const isChosen = selected !== null && idAt(lane, at) === selected;
    context.fillStyle = colours[lane.tones[at] ?? "plain"];
    context.fillRect(left, y, length, Math.max(2, height - 1));
    if (lane.tones[at] === "bad") drawMark(context, left, top);
    if (isChosen) {
      context.strokeStyle = colours.text;
      context.lineWidth = 2;
      context.strokeRect(left - 1, y - 1, length + 2, Math.max(2, height - 1) + 2);
    }
    if (lane.kind === "call" && length > 34 && height > 11)
      drawLabel(
        context,
        labelOf(scene.data, lane.items[at] ?? 0),
        left,
        y,
        length,
        height,
        colours,
      );
  }
}

/** Points at what is bad from above its lane: a colour alone is not seen by everybody. */
function drawMark(context: CanvasRenderingContext2D, left: number, top: number): void {
  context.beginPath();
  context.moveTo(left - 3, top - 5);
  context.lineTo(left + 5, top - 5);
  context.lineTo(left + 1, top);
  context.fill();
}

/** An empty lane says why it is. */
function drawNothing(
  context: CanvasRenderingContext2D,
  { data, colours }: Scene,
  lane: Lane,
  top: number,
): void {
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colours.quiet;
  context.fillText(whyNone(data, lane.kind), 4, top + lane.height / 2);
}

function whyNone(data: ReportData, kind: Kind): string {
  const records: Partial<Record<Kind, unknown>> = {
    p: data.processes,
    file: data.changes,
    conn: data.connections,
  };
  if (records[kind] === null) return "not recorded";
  return countOf(data, kind) === 0 ? "none" : "their times are not known";
}

function labelOf({ calls }: ReportData, at: number): string {
  return `${at + 1} ${calls[at]?.tool ?? ""} ${calls[at]?.head ?? ""}`;
}

function drawLabel(
  context: CanvasRenderingContext2D,
  text: string,
  left: number,
  y: number,
  length: number,
  height: number,
  colours: Colours,
): void {
  context.save();
  context.beginPath();
  context.rect(left, y, length - 3, height);
  context.clip();
  context.fillStyle = colours.page;
  context.fillText(text.slice(0, 80), Math.max(0, left) + 4, y + (height - 1) / 2);
  context.restore();
}

/** How many at each pixel, on a scale that lets few be seen beside many; the worst tone colours it. */
function drawDensity(
  context: CanvasRenderingContext2D,
  { colours, width }: Scene,
  lane: Lane,
  inView: readonly number[],
  top: number,
  x: ToX,
): void {
  const cells = Math.max(1, Math.ceil(width / 2));
  const counts = new Int32Array(cells + 1);
  const worst: (Tone | undefined)[] = [];
  for (const at of inView) {
    const first = Math.max(0, Math.floor(x(lane.starts[at] ?? 0) / 2));
    const last = Math.min(cells - 1, Math.floor(x(lane.ends[at] ?? 0) / 2));
    counts[first] = (counts[first] ?? 0) + 1;
    counts[last + 1] = (counts[last + 1] ?? 0) - 1;
    const tone = lane.tones[at];
    if (tone === "bad" || (tone === "warn" && worst[first] !== "bad")) worst[first] = tone;
  }
  let alive = 0;
  const alives = counts.map((change) => {
    alive += change;
    return alive;
  });
  const most = Math.log1p(alives.reduce((a, b) => Math.max(a, b), 1));
  for (let cell = 0; cell < cells; cell += 1) {
    const share = Math.log1p(alives[cell] ?? 0) / most;
    if (share <= 0) continue;
    const height = Math.max(2, share * lane.height);
    context.fillStyle = colours[worst[cell] ?? CALM[lane.kind] ?? "plain"];
    context.fillRect(cell * 2, top + lane.height - height, 2, height);
  }
}
