import type { Index, TurnRow } from "../../data.js";
import { itemId } from "../../data.js";
import { bytes, count, duration } from "../../format.js";
import { addressOf } from "../address.js";
import { useBatch } from "../batch.js";
import { CanaryChip } from "../canary-chip.js";
import { CopyButton } from "../copy-button.js";
import { useShown } from "../filter.js";
import { Item } from "../item.js";
import { ItemLink } from "../item-link.js";
import { current, useData } from "../store.js";
import { Tally } from "../tally.js";
import { Time } from "../time.js";
import { Replay } from "./replay.js";
import { TokenTable } from "./tokens.js";

/** The calls that the model gateway carried, with tokens and cost, beside what others counted. */
export function ModelPane() {
  const { turns } = useData();
  const { shown } = useShown("turn");
  const { items, before, more } = useBatch(shown, "turn");
  return (
    <>
      <TokenTable />
      <Replay />
      <Tally kind="turn" />
      {before}
      <ul class="list turns">
        {items.map((at) => {
          const row = turns[at];
          return row && <Turn key={at} row={row} index={at} />;
        })}
      </ul>
      {more}
      {turns.length === 0 && <p class="empty">The gateway carried no model call.</p>}
    </>
  );
}

function Turn({ row, index }: { row: TurnRow; index: Index }) {
  const failed = row.error !== null || row.status === null || row.status >= 400;
  return (
    <Item kind="turn" index={index} class="model-call">
      <p class="item-head">
        <span class="num">{row.seq}</span>
        <Time ms={row.start} />
        <span class={failed ? "state bad" : "state good"}>{row.status ?? "no answer"}</span>
        <span class="chip">{row.purpose}</span>
        {row.retry > 0 && <span class="chip warn">retry {row.retry}</span>}
        {row.fault !== null && <span class="chip warn">scripted fault: {row.fault}</span>}
        {row.replay !== null && (
          <span class={`chip ${row.replay.matched === "exact" ? "good" : "warn"}`}>
            replay {row.replay.matched}
          </span>
        )}
        <code class="cap">{row.model ?? "model unknown"}</code>
        {row.answeredModel !== null && row.answeredModel !== row.model && (
          <small class="cap">answered by {row.answeredModel}</small>
        )}
        <CanaryChip id={itemId("turn", index)} />
        <span class="amount">{tokensOf(row)}</span>
        <CopyButton text={`model call ${row.seq}: ${row.head}`} what="model call" />
      </p>
      {row.head !== "" && <p class="said cap">{row.head}</p>}
      {row.error !== null && <p class="state bad cap">{row.error}</p>}
      {row.tools.length > 0 && (
        <p class="from">
          Asked for{" "}
          {row.tools.map(({ name, call }, at) => (
            <span key={at} class="asked">
              {call === null ? (
                <code class="cap">{name}</code>
              ) : (
                <ItemLink id={itemId("call", call)} />
              )}
            </span>
          ))}
        </p>
      )}
      <p class="quiet facts-line cap">
        {duration(row.end - row.start)}
        {row.firstByteMs !== null && `, first byte after ${duration(row.firstByteMs)}`} ·{" "}
        {row.endpoint}
        {row.streamed ? ", streamed" : ""} · {bytes(row.requestBytes)} asked,{" "}
        {bytes(row.responseBytes)} answered
        {row.messages !== null && ` · ${count(row.messages)} messages`}
        {row.stop !== null && ` · stopped: ${row.stop}`}
        {" · "}
        <InConversation index={index} />
      </p>
    </Item>
  );
}

/** Leads to what was said and done around the call; range and words stay as they are. */
function InConversation({ index }: { index: Index }) {
  const selected = itemId("turn", index);
  const follow = (event: MouseEvent) => {
    event.preventDefault();
    location.hash = addressOf({ ...current(), pane: "conversation", selected });
  };
  return (
    <a href={`#${selected}&in=conversation`} onClick={follow}>
      in the conversation
    </a>
  );
}

function tokensOf({ tokens, cost, costSource }: TurnRow): string {
  const { input, output, cacheRead, cacheWrite, reasoning } = tokens;
  const parts = [
    input === null ? "" : `${count(input)} in`,
    output === null ? "" : `${count(output)} out`,
    reasoning === null ? "" : `${count(reasoning)} reasoning`,
    cacheRead === null ? "" : `${count(cacheRead)} from cache`,
    cacheWrite === null ? "" : `${count(cacheWrite)} to cache`,
    cost === null ? "" : `$${cost.toFixed(4)}${costSource === "answered" ? "" : " by price"}`,
  ];
  return parts.filter(Boolean).join(" · ");
}
