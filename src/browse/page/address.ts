import { fromAddress, type State, toAddress } from "../state.js";

/** What the page shows, which is in its address: links, history and a copied address lead to it. */
export interface Address {
  state(): State;
  hrefTo(change: Partial<State>): string;
  /** Goes to another state; `quietly` leaves no step to go back to. */
  move(change: Partial<State>, quietly?: boolean): void;
}

/** `moved` hears of every other state, with the one before. */
export function openAddress(moved: (before: State) => void): Address {
  let state = fromAddress(location.search);
  const show = (next: State) => {
    const before = state;
    state = next;
    moved(before);
  };
  const move = (change: Partial<State>, quietly = false) => {
    const next = { ...state, ...change };
    if (quietly) history.replaceState(null, "", toAddress(next));
    else history.pushState(null, "", toAddress(next));
    show(next);
  };
  // A link to a state of this page is followed without loading it again.
  addEventListener("click", (event) => {
    const link = (event.target as Element).closest("a");
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (link === null || !plain || !link.getAttribute("href")?.startsWith("?")) return;
    event.preventDefault();
    move(fromAddress(link.search));
  });
  addEventListener("popstate", () => show(fromAddress(location.search)));
  return { state: () => state, hrefTo: (change) => toAddress({ ...state, ...change }), move };
}
