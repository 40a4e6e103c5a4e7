import { useState } from "preact/hooks";
import { count, plural } from "../format.js";
import { Ansi } from "./ansi.js";
import { CopyButton } from "./copy-button.js";
import { runsOf } from "./sgr.js";

const LINES = 14;
const CHARACTERS = 1_600;

/**
 * A terminal's or a file's text with its colours: the start of it, all of it on demand. `omitted`
 * characters are not on the page; `where` is the file of the run directory that may have them.
 */
export function Clamp({ text, omitted, where, what }: ClampProps) {
  const [whole, setWhole] = useState(false);
  const end = whole ? text.length : endOfStart(text);
  return (
    <div class="clamp copied">
      <pre class="cap">
        <Ansi runs={runsOf(text.slice(0, end))} />
      </pre>
      <CopyButton text={text} what={what} />
      {end < text.length && (
        <button type="button" class="more" onClick={() => setWhole(true)}>
          Show all {plural(text.split("\n").length, "line")}
        </button>
      )}
      {omitted > 0 && (
        <p class="cut">
          {count(omitted)} more characters are in <code>{where}</code>
        </p>
      )}
    </div>
  );
}

interface ClampProps {
  text: string;
  omitted: number;
  where: string;
  what: string;
}

function endOfStart(text: string): number {
  let end = -1;
  for (let line = 0; line < LINES; line += 1) {
    const next = text.indexOf("\n", end + 1);
    if (next === -1) return text.length > CHARACTERS * 1.3 ? CHARACTERS : text.length;
    end = next;
  }
  return Math.min(end, CHARACTERS);
}
