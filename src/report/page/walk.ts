import { useEffect } from "preact/hooks";
import type { ItemId } from "../data.js";
import { leaveFocus } from "./chosen.js";
import { current, select } from "./store.js";

let listed: readonly ItemId[] | null = null;

/** Tells the order of a list that has only some of its rows as elements; of others the page tells. */
export function useWalk(ids: readonly ItemId[]): void {
  useEffect(() => {
    listed = ids;
    return () => {
      if (listed === ids) listed = null;
    };
  }, [ids]);
}

/** Chooses the item after (1) or before (-1) the chosen one in the pane; at first the first or last. */
export function walk(step: 1 | -1): void {
  const ids = listed ?? idsOnPage();
  const { selected } = current();
  const at = selected === null ? -1 : ids.indexOf(selected);
  const next = at === -1 ? (step === 1 ? ids[0] : ids.at(-1)) : ids[at + step];
  if (next === undefined) return;
  leaveFocus();
  select(next, { stay: true });
}

function idsOnPage(): ItemId[] {
  return [...document.querySelectorAll<HTMLElement>("#pane [data-item]")].flatMap((element) =>
    element.offsetParent === null ? [] : (element.dataset["item"] as ItemId),
  );
}
