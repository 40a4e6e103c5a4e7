import { useMemo, useState } from "preact/hooks";
import { count, plural } from "../format.js";
import { type PatchLine, readPatch, sideBySide } from "../patch.js";
import { LINES_AT_FIRST, LINES_AT_ONCE, MoreLines } from "./more-lines.js";
import { Scroll } from "./scroll.js";

/** Lines that are read of a patch, and that are shown at first. */
const MAX_LINES = 20_000;
const MARKS = { add: "+", del: "−", ctx: " ", hunk: "", remark: "" };

/**
 * Unified diff text as a table, the two sides below or beside each other. `note` says what the patch
 * lacks; what is not shown at first is counted and shown on demand.
 */
export function Patch({ patch, note, split, label }: PatchProps) {
  const [limit, setLimit] = useState(LINES_AT_FIRST);
  const { lines, omitted } = useMemo(() => readPatch(patch, MAX_LINES), [patch]);
  const shown = lines.slice(0, limit);
  const left = lines.length - shown.length;
  return (
    <div class="patch">
      <Scroll label={label}>
        <table class={`diff ${split ? "split" : "unified"}`}>
          <tbody>{split ? <Sides lines={shown} /> : <Unified lines={shown} />}</tbody>
        </table>
      </Scroll>
      <MoreLines left={left} onMore={() => setLimit(limit + LINES_AT_ONCE)} />
      {omitted > 0 && (
        <p class="cut">{plural(omitted, "more line")} of the patch not shown here.</p>
      )}
      {note !== null && <p class="cut">{note}</p>}
    </div>
  );
}

interface PatchProps {
  patch: string;
  note: string | null;
  split: boolean;
  label: string;
}

function Unified({ lines }: { lines: readonly PatchLine[] }) {
  return (
    <>
      {lines.map((line, index) => (
        <tr key={index} class={line.kind}>
          <td class="ln">{line.before}</td>
          <td class="ln">{line.after}</td>
          <Mark line={line} />
          <Code line={line} />
        </tr>
      ))}
    </>
  );
}

function Sides({ lines }: { lines: readonly PatchLine[] }) {
  return (
    <>
      {sideBySide(lines).map(({ left, right }, index) =>
        left !== null && left === right && left.kind !== "ctx" ? (
          <tr key={index} class={left.kind}>
            <td class="ln" />
            <td class="code cap" colSpan={5}>
              {left.text}
            </td>
          </tr>
        ) : (
          <tr key={index}>
            <Side line={left} number={left?.before ?? null} />
            <Side line={right} number={right?.after ?? null} />
          </tr>
        ),
      )}
    </>
  );
}

function Side({ line, number }: { line: PatchLine | null; number: number | null }) {
  if (line === null) return <td class="nothing" colSpan={3} />;
  return (
    <>
      <td class={`ln ${line.kind}`}>{number}</td>
      <Mark line={line} />
      <Code line={line} />
    </>
  );
}

function Mark({ line }: { line: PatchLine }) {
  return <td class={`sign ${line.kind}`}>{MARKS[line.kind]}</td>;
}

function Code({ line: { kind, text, omitted, differs } }: { line: PatchLine }) {
  return (
    <td class={`code cap ${kind}`}>
      {differs === null ? (
        text
      ) : (
        <>
          {text.slice(0, differs[0])}
          <mark>{text.slice(differs[0], differs[1])}</mark>
          {text.slice(differs[1])}
        </>
      )}
      {omitted > 0 && <span class="cut"> … {count(omitted)} more characters</span>}
    </td>
  );
}
