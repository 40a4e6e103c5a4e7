import { type Index, itemId } from "../data.js";
import { CallLink } from "./call-link.js";
import { ItemLink } from "./item-link.js";

/** The process and the call that something came from. */
export function Cause({ process, call }: { process: Index | null; call: Index | null }) {
  return (
    <span class="cause">
      {process === null ? (
        <span class="quiet">process not seen</span>
      ) : (
        <ItemLink id={itemId("p", process)} />
      )}
      {call !== null && <CallLink call={call} />}
    </span>
  );
}
