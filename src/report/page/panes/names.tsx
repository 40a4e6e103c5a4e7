import { itemId } from "../../data.js";
import { count } from "../../format.js";
import { useBatch } from "../batch.js";
import { CanaryChip } from "../canary-chip.js";
import { Cause } from "../cause.js";
import { CopyButton } from "../copy-button.js";
import { useShown } from "../filter.js";
import { Item } from "../item.js";
import { useData } from "../store.js";
import { Tally } from "../tally.js";
import { Time } from "../time.js";

/** The names that were asked for, each with who asked and what was answered. */
export function Names() {
  const { names } = useData();
  const { shown } = useShown("name");
  const { items, before, more } = useBatch(shown, "name");
  if (names === null) return null;
  if (names.length === 0) return <p class="empty">No name was asked for.</p>;
  return (
    <>
      <Tally kind="name" />
      {before}
      <ul class="list names">
        {items.map((at) => {
          const name = names[at];
          if (name === undefined) return null;
          return (
            <Item key={at} kind="name" index={at} class="connection">
              <Time ms={name.at} />
              <span class="quiet cap">
                {name.type}
                {name.attempts > 1 && ` ×${count(name.attempts)}`}
              </span>
              <span class="told">
                <code class="cap">{name.name}</code> <CopyButton text={name.name} what="name" />{" "}
                <small class="cap">{name.answer ?? "no answer"}</small>{" "}
                <CanaryChip id={itemId("name", at)} />
              </span>
              <Cause process={name.process} call={name.call} />
            </Item>
          );
        })}
      </ul>
      {more}
    </>
  );
}
