import { useLayoutEffect, useRef } from "preact/hooks";
import { count } from "../format.js";
import { PANES } from "./address.js";
import { ENTRIES } from "./panes.js";
import { showPane, useData, useStore } from "./store.js";

/** So much of the panes before the open one is seen, in pixels: there are more. */
const MARGIN = 80;

/** The panes, each with how many items it has. Where they do not fit, the open one is in view. */
export function Tabs() {
  const data = useData();
  const pane = useStore((state) => state.pane);
  const list = useRef<HTMLUListElement>(null);
  useLayoutEffect(() => {
    const open = list.current?.querySelector<HTMLElement>("[aria-current]");
    if (open != null) list.current?.scrollTo({ left: open.offsetLeft - MARGIN });
  }, [pane]);
  return (
    <nav aria-label="Panes">
      <ul class="tabs" ref={list}>
        {PANES.map((name) => {
          const { title, count: countOf } = ENTRIES[name];
          const items = countOf(data);
          return (
            <li key={name}>
              <a
                href={`#${name}`}
                aria-current={name === pane ? "page" : undefined}
                onClick={(event) => {
                  event.preventDefault();
                  showPane(name);
                }}
              >
                {title} {items !== null && <span class="n">{count(items)}</span>}
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
