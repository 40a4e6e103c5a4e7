import { useMemo } from "preact/hooks";
import type { Index } from "../../data.js";
import { itemId } from "../../data.js";
import { count } from "../../format.js";
import { CLAIMABLE, type Claimable, isUnclaimed, roleOf } from "../../unclaimed.js";
import { useBatch } from "../batch.js";
import { isLimited, shownOf, useFilter, useShown } from "../filter.js";
import { Item } from "../item.js";
import { ItemLink } from "../item-link.js";
import { ITEMS } from "../items.js";
import { useData } from "../store.js";
import { Time } from "../time.js";

/** What was seen and no tool call claims, and what a call claims and nobody saw. */
export function UnclaimedPane() {
  const data = useData();
  const { calls } = data;
  const filter = useFilter();
  const loose = useMemo(
    () =>
      CLAIMABLE.map((kind) => ({
        kind,
        indexes: shownOf(data, kind, filter).shown.filter((at) => isUnclaimed(data, kind, at)),
      })),
    [data, filter],
  );
  const unseen = useShown("call").shown.filter((at) => calls[at]?.unseen != null);
  const none = unseen.length === 0 && loose.every(({ indexes }) => indexes.length === 0);
  return (
    <>
      <p class="intro">
        What the observers saw is tied to the tool call that caused it. What stands here is tied to
        none: the agent told nobody of it, or did it outside its tools.
      </p>
      {none && (
        <p class="empty">
          {isLimited(filter)
            ? "Nothing of this passes the filter."
            : "Nothing: all that was seen has its call, and of each command that was claimed a process was seen."}
        </p>
      )}
      {loose.map(({ kind, indexes }) => (
        <Loose key={kind} kind={kind} indexes={indexes} />
      ))}
      <Unseen indexes={unseen} />
    </>
  );
}

const TITLES: Record<Claimable, string> = {
  p: "Processes",
  file: "Changed files",
  conn: "Connections",
  name: "Names asked for",
};

function Loose({ kind, indexes }: { kind: Claimable; indexes: readonly Index[] }) {
  const data = useData();
  const { items, before, more } = useBatch(indexes, kind, 100);
  if (indexes.length === 0) return null;
  return (
    <section class="area" aria-label={`${TITLES[kind]} that no call claims`}>
      <h3>
        {TITLES[kind]} <small>{count(indexes.length)}</small>
      </h3>
      {before}
      <ul class="list">
        {items.map((at) => (
          <Item key={at} kind={kind} index={at} class="loose" elsewhere>
            <Time ms={ITEMS[kind].span(data, at)?.[0] ?? null} />
            <ItemLink id={itemId(kind, at)} />
            <By kind={kind} at={at} />
          </Item>
        ))}
      </ul>
      {more}
    </section>
  );
}

/** Who did it, as far as that was seen. */
function By({ kind, at }: { kind: Claimable; at: Index }) {
  const data = useData();
  const { connections, names, changes, processes } = data;
  const actors: Record<Claimable, readonly (Index | null | undefined)[]> = {
    p: [processes?.parent[at]],
    file: changes?.[at]?.writers ?? [],
    conn: [connections?.[at]?.process],
    name: [names?.[at]?.process],
  };
  const known = actors[kind].flatMap((one) => one ?? []);
  const first = known[0];
  if (first === undefined) return <span class="quiet">who did it was not seen</span>;
  return (
    <span class="by">
      <span>
        {kind === "p" ? "started by" : "by"}
        {roleOf(data, first) === "agent" ? " the agent's own process" : ""}
      </span>
      <ItemLink id={itemId("p", first)} />
      {known.length > 1 && <span>and {count(known.length - 1)} more</span>}
    </span>
  );
}

/** Commands that the agent reported, of which no process was seen. */
function Unseen({ indexes }: { indexes: readonly Index[] }) {
  const { calls } = useData();
  const { items, before, more } = useBatch(indexes, "call", 100);
  if (indexes.length === 0) return null;
  return (
    <section class="area" aria-label="Claimed, and not seen">
      <h3>
        Claimed, and not seen <small>{count(indexes.length)}</small>
      </h3>
      {before}
      <ul class="list">
        {items.map((at) => (
          <Item key={at} kind="call" index={at} class="loose" elsewhere>
            <Time ms={calls[at]?.start ?? null} />
            <ItemLink id={itemId("call", at)} />
            <span class="quiet cap">{calls[at]?.unseen}</span>
          </Item>
        ))}
      </ul>
      {more}
    </section>
  );
}
