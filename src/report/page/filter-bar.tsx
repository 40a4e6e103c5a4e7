import { stretch } from "../format.js";
import { setOnly, setQuery, setRange, useStore } from "./store.js";

/** What limits the panes, each with how to clear it. */
export function FilterBar() {
  const query = useStore((state) => state.query);
  const range = useStore((state) => state.range);
  const only = useStore((state) => state.only);
  const call = useStore((state) => state.call);
  return (
    <div class="filters">
      <input
        id="filter"
        type="search"
        aria-label="Filter the panes"
        placeholder="Filter by words"
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
      />
      <select
        aria-label="Whose"
        value={only}
        onChange={(event) => setOnly(event.currentTarget.value as typeof only)}
      >
        <option value="all">Everything</option>
        <option value="call" disabled={call === null}>
          {call === null ? "Of the chosen call" : `Of call #${call + 1}`}
        </option>
        <option value="unclaimed">Claimed by no call</option>
      </select>
      {range !== null && (
        <span class="chip range-chip">
          {stretch(range)}{" "}
          <button type="button" class="link" onClick={() => setRange(null)}>
            clear<span class="vh"> the range</span>
          </button>
        </span>
      )}
    </div>
  );
}
