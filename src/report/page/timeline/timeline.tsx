import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Ms, ReportData } from "../../data.js";
import { count, stretch } from "../../format.js";
import { countOf } from "../address.js";
import { ITEMS } from "../items.js";
import { usePrinting } from "../printing.js";
import { select, setRange, useData, useStore } from "../store.js";
import { onThemeChange } from "../theme.js";
import { CHART_HEIGHT, draw, layoutOf } from "./draw.js";
import { listenToGestures } from "./gestures.js";
import { type Lane, lanesOf } from "./lanes.js";
import { pointedAt } from "./point.js";
import { coloursOf } from "./scene.js";
import { panned, type Window, zoomed } from "./window.js";

/** The whole run in one picture. A range chosen in it limits every pane. */
export function Timeline() {
  const data = useData();
  const range = useStore((state) => state.range);
  const selected = useStore((state) => state.selected);
  const lanes = useMemo(() => lanesOf(data), [data]);
  const [moved, setWindow] = useState<Window | null>(null);
  const [point, setPoint] = useState<readonly [number, number] | null>(null);
  const window = moved ?? data.span;
  const { canvas, probe, width } = useCanvas((context, width, colours) => {
    const cursor = point?.[0] ?? null;
    draw(context, { data, lanes, window, width, colours, range, selected, cursor });
  });
  const latest = useRef({ data, lanes, window, width });
  latest.current = { data, lanes, window, width };
  useEffect(() => {
    if (canvas.current === null) return;
    return listenToGestures(canvas.current, {
      whole: () => latest.current.data.span,
      window: () => latest.current.window,
      setWindow,
      setRange,
      click: (x, y) => {
        const { item } = read(latest.current, [x, y]);
        if (item !== null) select(item, { stay: item.startsWith("call-") });
      },
      hover: setPoint,
    });
  }, [canvas]);
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey) return;
    const acted = act(event, window, data.span, range, setWindow);
    if (acted) event.preventDefault();
    if (acted) event.stopPropagation();
  };
  const { tops, chartTops, height } = layoutOf(lanes, data.resources !== null);
  return (
    <div class="timeline">
      <div class="lane-labels" aria-hidden="true" style={{ height: `${height}px` }}>
        {lanes.map(({ kind, label, height: tall }, at) => (
          <span key={kind} style={{ top: `${tops[at]}px`, lineHeight: `${tall}px` }}>
            {label}
          </span>
        ))}
        {chartTops.map((top, at) => (
          <span key={top} style={{ top: `${top}px`, lineHeight: `${CHART_HEIGHT}px` }}>
            {at === 0 ? "CPU" : "Memory"}
          </span>
        ))}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a picture that is worked by keys is no fieldset */}
      <div
        id="plot"
        class="plot"
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is worked by keys
        tabIndex={0}
        aria-label="Timeline"
        aria-describedby="timeline-text"
        onKeyDown={press}
      >
        <canvas
          ref={canvas}
          role="img"
          aria-label="Timeline picture"
          style={{ height: `${height}px` }}
        />
        <span ref={probe} hidden />
      </div>
      <p id="timeline-text" class="vh">
        {describe(data, lanes, window)}
      </p>
      <p class="timeline-told cap" aria-hidden="true">
        {point === null ? hint(window, data.span) : read(latest.current, point).text}
      </p>
    </div>
  );
}

function read(
  now: { data: ReportData; lanes: readonly Lane[]; window: Window; width: number },
  point: readonly [number, number],
) {
  return pointedAt(now.data, now.lanes, now.window, now.width, point);
}

function act(
  { key, shiftKey, altKey }: KeyboardEvent,
  window: Window,
  whole: Window,
  range: readonly [Ms, Ms] | null,
  setWindow: (window: Window | null) => void,
): boolean {
  const [from, to] = window;
  const step = (to - from) / 20;
  const direction = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
  if (direction !== 0 && shiftKey) {
    const [start, end] = range ?? [from, (from + to) / 2];
    const moved = altKey ? [start + direction * step, end] : [start, end + direction * step];
    if ((moved[0] ?? 0) < (moved[1] ?? 0)) setRange([moved[0] ?? 0, moved[1] ?? 0]);
  } else if (direction !== 0) setWindow(panned(window, direction * step * 2, whole));
  else if (key === "+" || key === "=") setWindow(zoomed(window, 0.6, (from + to) / 2, whole));
  else if (key === "-" || key === "_") setWindow(zoomed(window, 1 / 0.6, (from + to) / 2, whole));
  else if (key === "0") setWindow(null);
  else if (key === "Enter") setRange(window);
  else return false;
  return true;
}

/** Draws on a canvas as wide as its place, sharp on every screen, anew after each rendering. */
function useCanvas(
  paint: (
    context: CanvasRenderingContext2D,
    width: number,
    colours: ReturnType<typeof coloursOf>,
  ) => void,
) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const probe = useRef<HTMLSpanElement>(null);
  const [width, setWidth] = useState(0);
  const [theme, setTheme] = useState(0);
  const printing = usePrinting();
  const colours = useMemo(
    () => (probe.current === null ? null : coloursOf(probe.current)),
    [theme, width, printing],
  );
  useEffect(() => onThemeChange(() => setTheme((times) => times + 1)), []);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (element == null || context == null || colours === null || width === 0) return;
    const ratio = devicePixelRatio || 1;
    const [wide, tall] = [Math.round(width * ratio), Math.round(element.clientHeight * ratio)];
    if (element.width !== wide) element.width = wide;
    if (element.height !== tall) element.height = tall;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(context, width, colours);
  });
  return { canvas, probe, width };
}

function hint([from, to]: Window, [first, last]: Window): string {
  const zoom = (last - first) / (to - from);
  const part = zoom > 1.01 ? `${stretch([from, to])}; 0 shows all. ` : "";
  return matchMedia("(pointer: coarse)").matches
    ? `${part}Drag on the ruler: a range. Two fingers: zoom.`
    : `${part}Drag on the ruler to choose a range, wheel to zoom.`;
}

function describe(data: ReportData, lanes: readonly Lane[], window: Window): string {
  const counts = lanes.map(({ kind }) => {
    const total = countOf(data, kind);
    return `${count(total)} ${total === 1 ? ITEMS[kind].one : ITEMS[kind].many}`;
  });
  return `${stretch(window)}: ${counts.join(", ")}. Arrows move, plus and minus zoom, 0 shows all, Enter limits all panes to what is in view. Everything in it is listed in the panes below.`;
}
