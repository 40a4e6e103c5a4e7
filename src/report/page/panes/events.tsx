import { useMemo, useState } from "preact/hooks";
import type { EventRow, Index } from "../../data.js";
import { itemId } from "../../data.js";
import { count } from "../../format.js";
import { useBatch } from "../batch.js";
import { CallLink } from "../call-link.js";
import { CopyButton } from "../copy-button.js";
import { useShown } from "../filter.js";
import { Item } from "../item.js";
import { useData, useStore, useTexts } from "../store.js";
import { Tally } from "../tally.js";
import { Time } from "../time.js";

/** The agent's own events in order, those of note; the rest is counted by type. */
export function EventsPane() {
  const { events, noise } = useData();
  const { shown } = useShown("event");
  const [type, setType] = useState<string | null>(null);
  const types = useMemo(() => countsOf(shown.map((at) => events[at]?.type ?? "")), [shown, events]);
  const filtered = useMemo(
    () => (type === null ? shown : shown.filter((at) => events[at]?.type === type)),
    [shown, type, events],
  );
  const { items, before, more } = useBatch(filtered, "event");
  const folded = noise.reduce((sum, { count: times }) => sum + times, 0);
  return (
    <>
      <p class="intro">The agent's own word: it can be forged or left out.</p>
      <Tally kind="event" />
      {types.length > 1 && (
        <fieldset class="chips">
          <legend class="vh">Only one type</legend>
          {types.map(([name, times]) => (
            <button
              key={name}
              type="button"
              class="chip"
              aria-pressed={type === name}
              onClick={() => setType(type === name ? null : name)}
            >
              <span class="cap">{name}</span> <b>{count(times)}</b>
            </button>
          ))}
        </fieldset>
      )}
      {folded > 0 && (
        <details class="fold noise">
          <summary>
            {count(folded)} more folded as noise <small>{count(noise.length)} types</small>
          </summary>
          <ul class="chips">
            {noise.map(({ type: name, count: times }) => (
              <li key={name} class="chip">
                <span class="cap">{name}</span> <b>{count(times)}</b>
              </li>
            ))}
          </ul>
          <p class="note">
            All of them are in <code>events/opencode_events.jsonl</code>.
          </p>
        </details>
      )}
      {before}
      <ul class="list events">
        {items.map((at) => {
          const row = events[at];
          return row && <Event key={at} row={row} index={at} />;
        })}
      </ul>
      {more}
      {events.length === 0 && (
        <p class="empty">
          None was reported. Everything else on this page was seen from outside the agent.
        </p>
      )}
    </>
  );
}

function countsOf(types: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

function Event({ row, index }: { row: EventRow; index: Index }) {
  const chosen = useStore(({ selected }) => selected === itemId("event", index));
  const [opened, open] = useState(false);
  const isOpen = opened || chosen;
  return (
    <Item kind="event" index={index} class="event">
      <details open={isOpen} onToggle={({ currentTarget }) => open(currentTarget.open)}>
        <summary>
          <span class="num">{row.seq}</span>
          <Time ms={row.at} />
          <code class="cap type">{row.type}</code>
          <span class="cap digest">{row.digest}</span>
        </summary>
        {row.call !== null && (
          <p class="from">
            About <CallLink call={row.call} />
          </p>
        )}
        {isOpen && <Carried index={index} />}
      </details>
    </Item>
  );
}

function Carried({ index }: { index: Index }) {
  const texts = useTexts("events");
  const text = texts?.[index];
  if (texts === null) return <p class="empty">Reading…</p>;
  if (text == null)
    return (
      <p class="empty">
        What it carried is in <code>events/opencode_events.jsonl</code>.
      </p>
    );
  return (
    <div class="carried copied">
      <CopyButton text={text} what="event" />
      <pre class="cap">{text}</pre>
    </div>
  );
}
