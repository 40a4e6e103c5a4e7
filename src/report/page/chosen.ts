import { useEffect, useRef } from "preact/hooks";
import type { ItemId } from "../data.js";
import { current, useStore } from "./store.js";

/**
 * Whether the item is the chosen one, and a ref for its element, which is scrolled into view when
 * it is chosen, and has the focus then where nothing else has it.
 */
export function useChosen<E extends HTMLElement>(id: ItemId) {
  const isChosen = useStore((state) => state.selected === id);
  const times = useStore((state) => (state.selected === id ? state.chosen : 0));
  const ref = useRef<E>(null);
  useEffect(() => {
    // Effects come late: another may have been chosen since.
    if (!isChosen || current().selected !== id) return;
    ref.current?.scrollIntoView({ block: "nearest" });
    // Where the link that led here is gone, the keys go on from here.
    if (document.activeElement === document.body) ref.current?.focus({ preventScroll: true });
  }, [isChosen, times]);
  return { isChosen, ref };
}

/** Lets the item that is chosen next have the focus, so that Tab goes on from there. */
export function leaveFocus(): void {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}
