import type { DepartureText } from "../../data.js";
import { itemId } from "../../data.js";
import { ItemLink } from "../item-link.js";
import { Patch } from "../patch.js";
import { useTexts } from "../store.js";

/** Where the agent departed from the recording that answered it. */
export function Replay() {
  const replay = useTexts("replay");
  if (replay === null) return null;
  return (
    <section class="replay" aria-label="Replay">
      <h3>Replay</h3>
      <p class="intro cap">{replay.summary}</p>
      {replay.departures.map((departure, index) => (
        <Departure key={index} departure={departure} />
      ))}
    </section>
  );
}

function Departure({ departure: { turn, recordedSeq, diff, note } }: { departure: DepartureText }) {
  return (
    <details class="fold">
      <summary>
        Departure
        <small>
          {recordedSeq === null ? " never recorded" : ` from recorded call ${recordedSeq}`}
        </small>
      </summary>
      {turn !== null && (
        <p class="from">
          In <ItemLink id={itemId("turn", turn)} />
        </p>
      )}
      {diff === "" ? (
        <p class="empty">Nothing is new in it: the recording has no such turn, or more than it.</p>
      ) : (
        <Patch patch={diff} note={note} split={false} label="Departure from the recording" />
      )}
    </details>
  );
}
