import { comparedOf } from "../compare.js";
import { type CallRow, type Index, itemId } from "../data.js";
import { relationsOf } from "../relations.js";
import { CallInput } from "./call-input.js";
import { Clamp } from "./clamp.js";
import { ItemLink } from "./item-link.js";
import { ItemLinks } from "./item-links.js";
import { useData, useTexts } from "./store.js";

const WHERE = "events/opencode_events.jsonl";

const BASIS = {
  observed: "seen",
  input: "named by this call's input",
  command: "named in the command",
};

/** What the agent claimed of a call and what was seen of it, line by line; what differs is marked. */
export function Comparison({ index }: { index: Index }) {
  const rows = comparedOf(useData(), index);
  return (
    <table class="compared">
      <thead>
        <tr>
          <td />
          <th scope="col">Claimed</th>
          <th scope="col">Observed</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ what, claimed, observed, differ }) => (
          <tr key={what} class={differ ? "differs" : ""}>
            <th scope="row">{what}</th>
            <td class="cap">{claimed ?? <span class="quiet">not said</span>}</td>
            <td class="cap">
              {observed}
              {differ && <span class="vh"> (not as claimed)</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface SideProps {
  index: Index;
  call: CallRow;
  /** Among the model's turns: the side is told in one line, and what stands around it is left out. */
  told?: string;
}

/** Links of a kind that are shown among the model's turns, where many calls stand below each other. */
const LINKS_AMONG_TURNS = 8;

/** What the agent and its model said of a call: who asked, with what input, and what came of it. */
export function Claimed({ index, call, told }: SideProps) {
  const texts = useTexts("calls");
  const events = relationsOf(useData()).ofCall.event.get(index);
  const text = texts?.[index];
  return (
    <section class="side claimed">
      <h3>
        Claimed <small>by the agent</small>
      </h3>
      {told !== undefined && <p class="cap">{told}</p>}
      {texts === null && <p class="empty">Reading…</p>}
      {text === null && (
        <p class="cut">
          Input and output are in <code>{WHERE}</code>.
        </p>
      )}
      {text?.input && <CallInput text={text.input} omitted={text.inputOmitted} where={WHERE} />}
      {text?.output && (
        <>
          <h4>Output</h4>
          <Clamp text={text.output} omitted={text.outputOmitted} where={WHERE} what="output" />
        </>
      )}
      {told === undefined && (
        <dl class="facts rows-of">
          <div>
            <dt>Asked for by</dt>
            <dd>
              {call.turn === null ? (
                "no model call that was seen"
              ) : (
                <ItemLink id={itemId("turn", call.turn)} />
              )}
            </dd>
          </div>
          <ItemLinks name="Events" kind="event" list={events} />
        </dl>
      )}
    </section>
  );
}

/** What the observers tied to a call. */
export function Observed({ index, call, told }: SideProps) {
  const { ofCall } = relationsOf(useData());
  const lists = [ofCall.p, ofCall.file, ofCall.conn, ofCall.name].map((list) => list.get(index));
  const most = told === undefined ? undefined : LINKS_AMONG_TURNS;
  const bases = new Set(call.changes.map(({ basis }) => basis));
  bases.delete("observed");
  return (
    <section class="side observed">
      <h3>
        Observed <small>from outside</small>
      </h3>
      {told !== undefined && <p class="cap">{told}</p>}
      {call.unseen !== null && <p class="state warn cap">{call.unseen}</p>}
      <dl class="facts rows-of">
        <ItemLinks name="Processes" kind="p" most={most} list={lists[0]} />
        <ItemLinks name="Files" kind="file" most={most} list={lists[1]} />
        <ItemLinks name="Connections" kind="conn" most={most} list={lists[2]} />
        <ItemLinks name="Names" kind="name" most={most} list={lists[3]} />
        <ItemLinks name="Findings" kind="finding" list={ofCall.finding.get(index)} />
      </dl>
      {bases.size > 0 && (
        <p class="note">
          Some of the files are tied to it by what it said:{" "}
          {[...bases].map((one) => BASIS[one]).join(", ")}.
        </p>
      )}
      {call.omitted > 0 && <p class="cut">{call.omitted} more are in the observations.</p>}
    </section>
  );
}
