import { type Compared, comparedOf } from "../../compare.js";
import { type Index, itemId } from "../../data.js";
import { duration } from "../../format.js";
import { STATUS } from "../../status.js";
import { CanaryChip } from "../canary-chip.js";
import { CopyButton } from "../copy-button.js";
import { Item } from "../item.js";
import { OnlyItsOwn } from "../only-its-own.js";
import { Claimed, Comparison, Observed } from "../sides.js";
import { useData, useStore } from "../store.js";
import { Time } from "../time.js";

/** A tool call: what was claimed of it, and beside it what was observed; the chosen one line by line. */
export function CallCard({ index }: { index: Index }) {
  const data = useData();
  const isChosen = useStore((state) => state.call === index);
  const row = data.calls[index];
  if (row === undefined) return null;
  const { mark, word, tone } = STATUS[row.status];
  const compared = comparedOf(data, index);
  const differing = compared.filter(({ differ }) => differ);
  return (
    <Item kind="call" index={index} class="call">
      <p class="item-head">
        <span class={`state ${tone}`} title={word}>
          <span aria-hidden="true">{mark}</span>
          <span class="vh">{word}</span>
        </span>
        <a href={`#call-${index + 1}`}>#{index + 1}</a>
        <strong class="cap">{row.tool}</strong>
        <code class="cap line">{row.head}</code>
        <CanaryChip id={itemId("call", index)} />
        <Time ms={row.start} />
        {row.start !== null && row.end !== null && <small>{duration(row.end - row.start)}</small>}
        {row.id !== null && <CopyButton text={row.id} what="call id" />}
      </p>
      {isChosen ? (
        <>
          <Comparison index={index} />
          <OnlyItsOwn />
          <div class="sides">
            <Claimed index={index} call={row} />
            <Observed index={index} call={row} />
          </div>
        </>
      ) : (
        <>
          {differing.map(({ what, claimed, observed }) => (
            <p key={what} class="apart cap">
              <b>{what}</b> claimed: {claimed ?? "not said"}; observed: {observed}
            </p>
          ))}
          <div class="sides">
            <Claimed index={index} call={row} told={inOneLine(compared, "claimed")} />
            <Observed index={index} call={row} told={inOneLine(compared, "observed")} />
          </div>
        </>
      )}
    </Item>
  );
}

/** What one side says, without what it does not know. */
function inOneLine(rows: readonly Compared[], side: "claimed" | "observed"): string {
  return rows
    .map((row) => row[side])
    .filter((told) => told !== null && told !== "–")
    .join(" · ");
}
