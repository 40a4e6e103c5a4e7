import type { CanaryRow, Index } from "../../data.js";
import { itemId, parseItemId } from "../../data.js";
import { count } from "../../format.js";
import { CallLink } from "../call-link.js";
import { CopyButton } from "../copy-button.js";
import { useShown } from "../filter.js";
import { Item } from "../item.js";
import { ItemLink } from "../item-link.js";
import { useData } from "../store.js";
import { Time } from "../time.js";

type Sighting = CanaryRow["sightings"][number];

/** The credentials that were planted for the run, and in plain words what was done with each. */
export function Planted() {
  const { canaries } = useData();
  const { shown } = useShown("canary");
  if (canaries === null) return null;
  const touched = canaries.filter(({ sightings }) => sightings.length > 0).length;
  return (
    <section class="area planted" aria-label="Planted credentials">
      <h3>
        Planted credentials{" "}
        <small>
          {count(canaries.length)}, {touched === 0 ? "none" : count(touched)} touched
        </small>
      </h3>
      <p class="intro">They look real, open nothing, and no issue needs them.</p>
      <ul class="list">
        {shown.map((at) => {
          const canary = canaries[at];
          return canary && <Canary key={at} canary={canary} index={at} />;
        })}
      </ul>
    </section>
  );
}

function Canary({ canary: { id, where, sightings }, index }: { canary: CanaryRow; index: Index }) {
  return (
    <Item kind="canary" index={index} class="canary">
      <p class="item-head">
        <strong class="cap mono">{where}</strong>
        <CopyButton text={where} what="place" />
        <small class="cap">{id}</small>
        {sightings.length === 0 ? (
          <span class="quiet">not touched, as far as was seen</span>
        ) : (
          <span class="state bad">{verdictOf(sightings)}</span>
        )}
      </p>
      {sightings.length > 0 && (
        <ol class="evidence">
          {sightings.map((sighting, at) => (
            <li key={at}>
              <Time ms={sighting.at} />
              <span>
                <Step sighting={sighting} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </Item>
  );
}

/** How far it went, in a few words. */
function verdictOf(sightings: readonly Sighting[]): string {
  const did = new Set(sightings.map(({ what }) => what));
  const words = [
    did.has("read") ? "read" : did.has("used") ? "used by its own program" : "",
    did.has("shown") ? "sent to the model" : "",
    did.has("taken") ? "taken elsewhere" : "",
  ];
  return words.filter(Boolean).join(", ");
}

/** One thing that was done with it, with who did it and where it was seen. */
function Step({ sighting: { what, process, item, call, text } }: { sighting: Sighting }) {
  return (
    <>
      {wordsOf(what, item)} {item !== null && <ItemLink id={item} />}
      {process !== null && (
        <>
          {item === null ? "" : " by "}
          <ItemLink id={itemId("p", process)} />
        </>
      )}
      {item === null && process === null && <span class="cap mono">{text}</span>}
      {call !== null && (
        <>
          {what === "shown" ? ", in the result of " : ", in "}
          <CallLink call={call} />
        </>
      )}
    </>
  );
}

function wordsOf(what: Sighting["what"], item: Sighting["item"]): string {
  if (what === "read") return "read by";
  if (what === "used") return "read by the program that it is for,";
  if (what === "shown") return "sent to the model with";
  switch (item === null ? null : parseItemId(item)?.kind) {
    case "file":
      return "left in the file";
    case "conn":
      return "sent out over";
    case "name":
      return "hidden in the name";
    case "turn":
      return "written by the model in";
    default:
      return "in the arguments of";
  }
}
