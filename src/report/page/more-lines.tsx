import { count, plural } from "../format.js";

/** Lines of a long text that are drawn at first, and how many more at each wish. */
export const LINES_AT_FIRST = 400;
export const LINES_AT_ONCE = 2_000;

/** Asks for the next of the `left` lines that are not drawn; nothing where none is left. */
export function MoreLines({ left, onMore }: { left: number; onMore: () => void }) {
  if (left <= 0) return null;
  return (
    <button type="button" class="more" onClick={onMore}>
      Show {plural(Math.min(LINES_AT_ONCE, left), "more line")} of {count(left)}
    </button>
  );
}
