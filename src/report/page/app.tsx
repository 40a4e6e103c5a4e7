import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ELSEWHERE } from "../data.js";
import { PANES, type Pane } from "./address.js";
import { CallDetail } from "./detail.js";
import { Help } from "./dialogs.js";
import { FilterBar } from "./filter-bar.js";
import { listenForKeys } from "./keys.js";
import { ENTRIES } from "./panes.js";
import { usePrinting } from "./printing.js";
import { Search } from "./search.js";
import { stickingHeight, useSticking } from "./sticking.js";
import { openDialog, useStore } from "./store.js";
import { Tabs } from "./tabs.js";
import { nextTheme, setTheme, theme } from "./theme.js";
import { Timeline } from "./timeline/timeline.js";

/** What goes on paper: all that is told in few words. */
const PRINTED = PANES.filter((name) => name !== "logs" && name !== "events");

/** All below the page's head: timeline, filters, panes, and the chosen call beside them. */
export function App() {
  const pane = useStore((state) => state.pane);
  const call = useStore((state) => state.call);
  const dialog = useStore((state) => state.dialog);
  const printing = usePrinting();
  const { top, bar } = useSticking();
  useEffect(listenForKeys, []);
  const work = useStartOf(pane);
  const shown = printing ? PRINTED : [pane];
  // Among the model's turns the call itself shows all that is known of it.
  const beside = printing || pane === "conversation" || call === ELSEWHERE ? null : call;
  return (
    <>
      <div class="top" ref={top}>
        <Folding />
      </div>
      <div class="bar" ref={bar}>
        <Tabs />
        <FilterBar />
      </div>
      <div class={beside === null ? "work" : "work with-detail"} ref={work}>
        <div id="pane">
          {shown.map((name) => {
            const { title, Component } = ENTRIES[name];
            return (
              <section
                key={name}
                id={printing ? name : undefined}
                class={`pane pane-${name}`}
                aria-label={title}
              >
                <h2 class="pane-title vh">{title}</h2>
                <Component />
              </section>
            );
          })}
          {printing && (
            <p class="note">Logs and native events are not on paper: the run directory has them.</p>
          )}
        </div>
        {beside !== null && <CallDetail index={beside} />}
      </div>
      {dialog === "help" && <Help />}
      {dialog === "search" && <Search />}
    </>
  );
}

/** A ref for what is above a pane's first item: another pane is shown from there. */
function useStartOf(pane: Pane) {
  const ref = useRef<HTMLDivElement>(null);
  const shown = useRef(pane);
  // Before effects, by which what is chosen in the pane comes into view.
  useLayoutEffect(() => {
    const top = ref.current?.getBoundingClientRect().top ?? 0;
    if (shown.current !== pane && top < stickingHeight()) scrollBy({ top: top - stickingHeight() });
    shown.current = pane;
  }, [pane]);
  return ref;
}

/** The timeline, folded away where the reader wants the room. */
function Folding() {
  const [open, setOpen] = useState(true);
  return (
    <>
      <div class="tools">
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "▾" : "▸"} Timeline
        </button>
        <span class="gap" />
        <button type="button" onClick={() => openDialog("search")}>
          Search <kbd>/</kbd>
        </button>
        <ThemeButton />
        <button type="button" aria-label="Help" onClick={() => openDialog("help")}>
          <kbd>?</kbd>
        </button>
      </div>
      {open && <Timeline />}
    </>
  );
}

function ThemeButton() {
  const [name, setName] = useState(theme);
  useEffect(() => setTheme(name), [name]);
  return (
    <button type="button" id="theme" onClick={() => setName(nextTheme(name))}>
      Theme: {name}
    </button>
  );
}
