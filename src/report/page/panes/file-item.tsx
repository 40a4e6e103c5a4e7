import { useState } from "preact/hooks";
import type { ChangeRow, Index } from "../../data.js";
import { itemId } from "../../data.js";
import { bytes, count } from "../../format.js";
import { CallLink } from "../call-link.js";
import { CanaryChip, CanaryMark } from "../canary-chip.js";
import { CopyButton } from "../copy-button.js";
import { baseName } from "../folders.js";
import { Item } from "../item.js";
import { ItemLink } from "../item-link.js";
import { Patch } from "../patch.js";
import { usePrinting } from "../printing.js";
import { useData, useStore, useTexts } from "../store.js";

export type PatchView = "unified" | "split";

const WORDS = {
  added: { letter: "A", word: "added" },
  modified: { letter: "M", word: "modified" },
  deleted: { letter: "D", word: "deleted" },
  renamed: { letter: "R", word: "renamed" },
  type_changed: { letter: "T", word: "type changed" },
  mode_changed: { letter: "P", word: "permissions changed" },
} as const;

/** A changed file; its patch is made when it is opened. `whole`: with its path, not its name alone. */
export function FileItem({ index, view, open, whole = false }: FileItemProps) {
  const row = useData().changes?.[index];
  const chosen = useStore(({ selected }) => selected === itemId("file", index));
  const printing = usePrinting();
  const [opened, setOpened] = useState(open && row?.lines !== undefined);
  if (row === undefined) return null;
  const isOpen = opened || chosen || (printing && row.lines !== undefined);
  return (
    <Item kind="file" index={index} class="file">
      <details open={isOpen} onToggle={({ currentTarget }) => setOpened(currentTarget.open)}>
        <summary>
          <ChangeLetter change={row.change} />
          <code class="path cap">
            {row.from !== undefined && `${row.from} → `}
            {whole ? row.path : baseName(row.path)}
          </code>
          {tagsOf(row).map((tag) => (
            <span key={tag} class="chip">
              {tag}
            </span>
          ))}
          <CanaryMark id={itemId("file", index)} />
          {row.lines !== undefined && (
            <span class="plusminus">
              <ins>+{count(row.lines[0])}</ins> <del>−{count(row.lines[1])}</del>
            </span>
          )}
        </summary>
        {isOpen && <Body row={row} index={index} view={view} />}
      </details>
    </Item>
  );
}

/** What became of a file, in one letter. */
export function ChangeLetter({ change }: Pick<ChangeRow, "change">) {
  const { letter, word } = WORDS[change];
  return (
    <span class={`letter ${change}`} title={word}>
      <span aria-hidden="true">{letter}</span>
      <span class="vh">{word}</span>
    </span>
  );
}

interface FileItemProps {
  index: Index;
  view: PatchView;
  open: boolean;
  whole?: boolean;
}

function Body({ row, index, view }: { row: ChangeRow; index: Index; view: PatchView }) {
  const texts = useTexts("changes");
  const text = texts?.[index];
  return (
    <div class="file-body">
      <p class="file-facts">
        <code class="cap">{row.path}</code> <CopyButton text={row.path} what="path" />{" "}
        <CanaryChip id={itemId("file", index)} />
      </p>
      <p class="file-facts quiet cap">{factsOf(row)}</p>
      <p class="from">
        {row.call === null ? "No tool call claims it" : "Caused by "}
        {row.call !== null && <CallLink call={row.call} />}
        {row.writers.length > 0 && " · written by "}
        {row.writers.map((writer) => (
          <ItemLink key={writer} id={itemId("p", writer)} />
        ))}
      </p>
      {texts === null && <p class="empty">Reading…</p>}
      {text?.sha256After && (
        <p class="file-facts quiet">
          sha256 <code class="cap">{text.sha256After}</code>{" "}
          <CopyButton text={text.sha256After} what="sha256" />
        </p>
      )}
      {text?.patch ? (
        <div class="copied">
          <Patch
            patch={text.patch}
            note={text.note}
            split={view === "split"}
            label={`Patch of ${row.path.slice(0, 200)}`}
          />
          <CopyButton text={text.patch} what="patch" />
        </div>
      ) : (
        text?.note && <p class="cut cap">{text.note}</p>
      )}
    </div>
  );
}

function tagsOf(row: ChangeRow): string[] {
  const modes = [row.before?.mode, row.after?.mode];
  const modeChanged = modes[0] && modes[1] && modes[0] !== modes[1];
  const bits = Number.parseInt(row.after?.mode ?? "0", 8);
  const executable = row.kind === "file" && row.change === "added" && (bits & 0o111) !== 0;
  return [
    row.kind === "file" ? "" : row.kind.replace("_", " "),
    row.kindBefore === undefined ? "" : `was a ${row.kindBefore.replace("_", " ")}`,
    row.binary ? "binary" : "",
    row.transient ? "transient" : "",
    modeChanged ? `mode ${modes[0]} → ${modes[1]}` : "",
    executable ? "executable" : "",
  ].filter(Boolean);
}

/** Sizes, modes, where a link points, and what is strange about the name. */
function factsOf(row: ChangeRow): string {
  const sizes = [row.before?.size, row.after?.size].flatMap((size) => size ?? []);
  const isFile = row.kind === "file" || row.kindBefore === "file";
  const [mode] = [row.after?.mode ?? row.before?.mode];
  return [
    WORDS[row.change].word,
    isFile ? [...new Set(sizes)].map(bytes).join(" → ") : "",
    mode == null ? "" : `mode ${mode}`,
    row.transient ? "made and deleted again within the run" : "",
    row.linkBefore === undefined ? "" : `pointed to ${row.linkBefore}`,
    row.link === undefined ? "" : `points to ${row.link}`,
    row.allocatedBytes === undefined ? "" : `sparse: holds ${bytes(row.allocatedBytes)} on disk`,
    row.pathBytes === undefined ? "" : `the name is not UTF-8; its bytes: ${row.pathBytes}`,
  ]
    .filter(Boolean)
    .join(" · ");
}
