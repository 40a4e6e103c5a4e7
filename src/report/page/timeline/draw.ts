import type { Ms, ResourceColumns } from "../../data.js";
import { moment } from "../../format.js";
import { drawLane } from "./bars.js";
import type { Lane } from "./lanes.js";
import type { Colours, Scene, ToX } from "./scene.js";
import { ticksOf } from "./window.js";

/** A finger needs more of it than a mouse. */
export const RULER_HEIGHT = matchMedia("(pointer: coarse)").matches ? 36 : 20;
export const CHART_HEIGHT = 24;
const GAP = 5;

/** Where each lane begins, and the height of all. */
export function layoutOf(lanes: readonly Lane[], hasCharts: boolean) {
  const tops: number[] = [];
  let y = RULER_HEIGHT + GAP;
  for (const { height } of lanes) {
    tops.push(y);
    y += height + GAP;
  }
  const chartTops = hasCharts ? [y, y + CHART_HEIGHT + GAP] : [];
  return { tops, chartTops, height: y + chartTops.length * (CHART_HEIGHT + GAP) };
}

/** Draws the whole timeline. */
export function draw(context: CanvasRenderingContext2D, scene: Scene): void {
  const { lanes, width, window, colours, data } = scene;
  const { tops, chartTops, height } = layoutOf(lanes, data.resources !== null);
  const x = (ms: Ms) => ((ms - window[0]) / (window[1] - window[0])) * width;
  context.clearRect(0, 0, width, height);
  drawRuler(context, scene, x, height);
  lanes.forEach((lane, at) => {
    drawLane(context, scene, lane, tops[at] ?? 0, x);
  });
  const [cpuTop, memoryTop] = chartTops;
  if (data.resources !== null && cpuTop !== undefined && memoryTop !== undefined) {
    const { cpu, memory } = data.resources;
    drawChart(context, data.resources.at, cpu, 100, cpuTop, scene, x);
    drawChart(context, data.resources.at, memory, 1, memoryTop, scene, x);
  }
  if (scene.range !== null) drawRange(context, scene.range, x, width, height, colours);
  if (scene.cursor !== null) {
    context.fillStyle = colours.quiet;
    context.fillRect(scene.cursor, 0, 1, height);
  }
}

function drawRuler(
  context: CanvasRenderingContext2D,
  { window, width, colours }: Scene,
  x: ToX,
  height: number,
): void {
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  const { ticks, step } = ticksOf(window, width / 90);
  for (const tick of ticks) {
    const at = Math.round(x(tick));
    context.fillStyle = colours.line;
    context.fillRect(at, RULER_HEIGHT - 5, 1, height);
    context.fillStyle = colours.quiet;
    const text = moment(tick, step);
    if (at + context.measureText(text).width + 6 < width)
      context.fillText(text, at + 4, RULER_HEIGHT / 2);
  }
  context.fillStyle = colours.line;
  context.fillRect(0, RULER_HEIGHT, width, 1);
}

function drawChart(
  context: CanvasRenderingContext2D,
  times: ResourceColumns["at"],
  values: readonly (number | null)[],
  least: number,
  top: number,
  { window, colours }: Scene,
  x: ToX,
): void {
  const most = values.reduce<number>((a, b) => Math.max(a, b ?? 0), least);
  const base = top + CHART_HEIGHT;
  context.strokeStyle = colours.plain;
  context.lineWidth = 1.3;
  context.beginPath();
  let drawing = false;
  let last = Number.NEGATIVE_INFINITY;
  times.forEach((time, at) => {
    const value = values[at];
    const next = times[at + 1] ?? time;
    if (value == null || next < window[0] || (times[at - 1] ?? time) > window[1]) {
      drawing = false;
      return;
    }
    const left = x(time);
    // Points closer than half a pixel show nothing.
    if (drawing && left - last < 0.5) return;
    const y = base - (value / most) * (CHART_HEIGHT - 2);
    if (drawing) context.lineTo(left, y);
    else context.moveTo(left, y);
    [drawing, last] = [true, left];
  });
  context.stroke();
  context.fillStyle = colours.line;
  context.fillRect(0, base, x(window[1]), 1);
}

function drawRange(
  context: CanvasRenderingContext2D,
  range: readonly [Ms, Ms],
  x: ToX,
  width: number,
  height: number,
  colours: Colours,
): void {
  const [left, right] = [x(range[0]), x(range[1])];
  context.save();
  context.globalAlpha = 0.62;
  context.fillStyle = colours.page;
  context.fillRect(0, RULER_HEIGHT + 1, Math.max(0, left), height);
  context.fillRect(Math.min(width, right), RULER_HEIGHT + 1, width, height);
  context.globalAlpha = 0.3;
  context.fillStyle = colours.range;
  context.fillRect(left, 0, right - left, RULER_HEIGHT);
  context.restore();
  context.fillStyle = colours.range;
  context.fillRect(left, 0, 1.5, height);
  context.fillRect(right - 1.5, 0, 1.5, height);
}
