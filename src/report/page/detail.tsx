import { type Index, itemId } from "../data.js";
import { duration } from "../format.js";
import { STATUS } from "../status.js";
import { CanaryChip } from "./canary-chip.js";
import { CopyButton } from "./copy-button.js";
import { OnlyItsOwn } from "./only-its-own.js";
import { Claimed, Comparison, Observed } from "./sides.js";
import { openCall, useData } from "./store.js";
import { exact, Time } from "./time.js";

/** One tool call beside the panes: what was claimed of it, what was observed, and who asked for it. */
export function CallDetail({ index }: { index: Index }) {
  const data = useData();
  const call = data.calls[index];
  if (call === undefined) return null;
  const { word, tone } = STATUS[call.status];
  const took = call.start === null || call.end === null ? null : call.end - call.start;
  return (
    <aside class="call-detail" aria-label={`Tool call ${index + 1}`}>
      <div class="call-detail-head">
        <h2>
          <a href={`#call-${index + 1}`}>#{index + 1}</a> <span class="cap">{call.tool}</span>
        </h2>
        <button
          type="button"
          class="sign"
          aria-label="Close the call"
          onClick={() => openCall(null)}
        >
          ✕
        </button>
      </div>
      <p class="cap mono call-detail-line">{call.head}</p>
      <p>
        <span class={`state ${tone}`}>{word}</span>
        {call.start !== null && (
          <>
            {" · "}
            <Time ms={call.start} /> <CopyButton text={exact(data, call.start)} what="exact time" />
          </>
        )}
        {took !== null && ` · ${duration(took)}`}
      </p>
      <CanaryChip id={itemId("call", index)} />
      <Comparison index={index} />
      <OnlyItsOwn />
      <Claimed index={index} call={call} />
      <Observed index={index} call={call} />
    </aside>
  );
}
