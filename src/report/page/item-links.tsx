import { useState } from "preact/hooks";
import type { Kind } from "../data.js";
import { itemId } from "../data.js";
import { count } from "../format.js";
import { ItemLink } from "./item-link.js";
import { usePrinting } from "./printing.js";

const LINKS_SHOWN = 30;
/** More are found by choosing the call and showing its items alone. */
const MOST_LINKS = 1_000;

/** A row of a `dl`: links to items, the first `most` until the rest is asked for. None: no row. */
export function ItemLinks({ name, kind, list, most = LINKS_SHOWN }: ItemLinksProps) {
  const [all, showAll] = useState(false);
  const printing = usePrinting();
  if (list === undefined || list.length === 0) return null;
  const shown = list.slice(0, all ? MOST_LINKS : printing ? LINKS_SHOWN : most);
  return (
    <div class={`of-${kind}`}>
      <dt>
        {name} <span class="n">{count(list.length)}</span>
      </dt>
      <dd>
        <ul class="links">
          {shown.map((index) => (
            <li key={index}>
              <ItemLink id={itemId(kind, index)} />
            </li>
          ))}
        </ul>
        {shown.length < list.length &&
          (all ? (
            <p class="cut">
              The first {count(shown.length)} of {count(list.length)}; choose the call's items alone
              to see all in the pane.
            </p>
          ) : (
            <button type="button" class="link" onClick={() => showAll(true)}>
              {count(list.length - shown.length)} more
            </button>
          ))}
      </dd>
    </div>
  );
}
interface ItemLinksProps {
  name: string;
  kind: Kind;
  list: readonly number[] | undefined;
  most?: number | undefined;
}
