import { setOnly, useStore } from "./store.js";

/** Limits every pane to what belongs to the chosen call. */
export function OnlyItsOwn() {
  const only = useStore((state) => state.only);
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={only === "call"}
        onChange={(event) => setOnly(event.currentTarget.checked ? "call" : "all")}
      />{" "}
      Show only what belongs to it
    </label>
  );
}
