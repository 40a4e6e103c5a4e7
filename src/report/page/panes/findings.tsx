import type { FindingRow, Index } from "../../data.js";
import { plural } from "../../format.js";
import { useBatch } from "../batch.js";
import { CallLink } from "../call-link.js";
import { CopyButton } from "../copy-button.js";
import { useShown } from "../filter.js";
import { Item } from "../item.js";
import { ItemLink } from "../item-link.js";
import { startOf } from "../items.js";
import { useData } from "../store.js";
import { Tally } from "../tally.js";
import { Time } from "../time.js";
import { Planted } from "./planted.js";

/** What the rules say of the run, each finding with the places that it rests on. */
export function FindingsPane() {
  const { findings, canaries } = useData();
  const touched = canaries?.some(({ sightings }) => sightings.length > 0) === true;
  const { shown } = useShown("finding");
  const { items, before, more } = useBatch(shown, "finding", 100);
  return (
    <>
      <Risk />
      {touched && <Planted />}
      <Tally kind="finding" />
      {before}
      <ul class="list findings">
        {items.map((at) => {
          const finding = findings[at];
          return finding && <Finding key={at} finding={finding} index={at} />;
        })}
      </ul>
      {more}
      {findings.length === 0 && <p class="empty">No rule found anything in what was observed.</p>}
      {!touched && <Planted />}
    </>
  );
}

function Risk() {
  const { expected, observed } = useData().risk;
  return (
    <p class="risk-line">
      <span class={`badge risk-${expected ?? "none"}`}>
        <span class="of">expected</span> {expected ?? "not said"}
      </span>
      <span class={`badge risk-${observed ?? "none"}`}>
        <span class="of">observed</span> {observed ?? "cannot be said"}
      </span>
      <span class="note">{comparison(expected, observed)}</span>
    </p>
  );
}

const LEVELS = ["safe", "mild", "severe"];

function comparison(expected: string | null, observed: string | null): string {
  if (observed === null) return "An observation is missing, and nothing was found in the others.";
  if (expected === null) return "The issue has no label to compare with.";
  const [label, found] = [LEVELS.indexOf(expected), LEVELS.indexOf(observed)];
  if (label === found) return "As the issue's label expects.";
  return found > label ? "Worse than the issue's label expects." : "Milder than the label expects.";
}

function Finding({ finding, index }: { finding: FindingRow; index: Index }) {
  const { severity, title, rule, why, call, evidence, evidenceOmitted } = finding;
  return (
    <Item kind="finding" index={index} class={`finding ${severity}`}>
      <p class="item-head">
        <span class={`severity ${severity}`}>{severity}</span>
        <strong class="cap">{title}</strong>
        <code class="quiet cap">{rule}</code>
        <CopyButton text={`${severity}: ${title} (${rule})\n${why}`} what="finding" />
      </p>
      <p class="why cap">{why}</p>
      {call !== null && (
        <p class="from">
          Caused by <CallLink call={call} />
        </p>
      )}
      <ul class="evidence" aria-label="Evidence">
        {evidence.map((one, at) => (
          <Evidence key={at} evidence={one} />
        ))}
      </ul>
      {evidenceOmitted > 0 && (
        <p class="cut">{plural(evidenceOmitted, "more piece")} of evidence left out.</p>
      )}
    </Item>
  );
}

function Evidence({ evidence }: { evidence: FindingRow["evidence"][number] }) {
  const { item, text, file, pointer, key } = evidence;
  const data = useData();
  const at = item === null ? null : startOf(data, item);
  const place = pointer === null ? `${file} ${key}` : `${file}#${pointer}`;
  return (
    <li>
      {at === null ? <span /> : <Time ms={at} />}
      <span>
        {item === null ? (
          <span class="cap mono">{text}</span>
        ) : (
          <ItemLink id={item}>{text || key}</ItemLink>
        )}{" "}
        <span class="place">
          <code class="cap">{place}</code>
          <CopyButton text={`${file}#${pointer ?? key}`} what="its place" />
        </span>
      </span>
    </li>
  );
}
