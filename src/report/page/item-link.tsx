import type { ComponentChildren } from "preact";
import type { ItemId } from "../data.js";
import { titleOf } from "./items.js";
import { select, useData } from "./store.js";

/** A link to an item. Its text is the item's own line, cut by the style, or what it is given. */
export function ItemLink({ id, children }: { id: ItemId; children?: ComponentChildren }) {
  const data = useData();
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    select(id);
  };
  return (
    <a class="item-link cap" href={`#${id}`} data-to={id} onClick={follow}>
      {children ?? titleOf(data, id)}
    </a>
  );
}
