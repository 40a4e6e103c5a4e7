import type { ComponentChildren } from "preact";
import type { Kind } from "../data.js";
import { itemId } from "../data.js";
import { useChosen } from "./chosen.js";

/**
 * An item in a pane. It carries the address, so that `j` and `k` find it in the order of the page
 * and a link leads to it; where its home is in another pane (`elsewhere`), that has the address.
 */
export function Item({ kind, index, elsewhere = false, ...rest }: ItemProps) {
  const id = itemId(kind, index);
  const { isChosen, ref } = useChosen<HTMLLIElement>(id);
  return (
    <li
      ref={ref}
      id={elsewhere ? undefined : id}
      data-item={id}
      tabIndex={-1}
      class={`item ${rest.class ?? ""}${isChosen ? " selected" : ""}`}
      aria-current={isChosen ? "true" : undefined}
    >
      {rest.children}
    </li>
  );
}
interface ItemProps {
  kind: Kind;
  index: number;
  elsewhere?: boolean;
  class?: string;
  children?: ComponentChildren;
}
