import type { Held, Kind } from "../data.js";
import { count, stretch } from "../format.js";
import { useShown } from "./filter.js";
import { ITEMS } from "./items.js";
import { useStore } from "./store.js";

/**
 * `12 of 340 tool calls`, and what the page does not have. Goes on top of a list; of one that is empty
 * from the start the pane says why.
 */
export function Tally({ kind }: { kind: Kind }) {
  const { shown, total, timeless } = useShown(kind);
  const range = useStore((state) => state.range);
  const held = useStore((state) => state.data.held[kind]);
  const { one, many } = ITEMS[kind];
  if (held.total === 0 && total === 0) return null;
  return (
    <p class="tally">
      {shown.length === total ? count(total) : `${count(shown.length)} of ${count(total)}`}{" "}
      {total === 1 ? one : many}
      {range !== null && ` in ${stretch(range)}`}
      {timeless > 0 && `; of ${count(timeless)} the time is not known`}
      <Missing held={held} />
    </p>
  );
}

function Missing({ held }: { held: Held }) {
  if (held.omitted === 0) return null;
  return (
    <span class="cut">
      {" "}
      {count(held.omitted)} more of {count(held.total)} are in <code>{held.where}</code>.
    </span>
  );
}
