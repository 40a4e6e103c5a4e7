import { useMemo, useState } from "preact/hooks";
import type { ChangeRow, Index } from "../../data.js";
import { count, plural } from "../../format.js";
import { useBatch } from "../batch.js";
import { Choice } from "../choice.js";
import { useShown } from "../filter.js";
import { useData } from "../store.js";
import { Tally } from "../tally.js";
import { FileItem, type PatchView } from "./file-item.js";
import { type FilesShown, FileTree } from "./file-tree.js";
import { Reads } from "./reads.js";

const LAYOUTS = [
  ["tree", "Tree"],
  ["list", "List"],
] as const;
const VIEWS = [
  ["unified", "Unified"],
  ["split", "Side by side"],
] as const;
type Layout = (typeof LAYOUTS)[number][0];

/** Patches are open from the start only where all of them are a short read. */
const OPEN_LINES = 400;
const OPEN_FILES = 20;
/** What was changed in the workspace, and elsewhere in the room, as patches. */
export function FilesPane() {
  const { changes, reads, run } = useData();
  const { shown } = useShown("file");
  const [layout, setLayout] = useState<Layout>("tree");
  const [view, setView] = useState<PatchView>("unified");
  const areas = useMemo(() => {
    const of = (area: ChangeRow["area"]) => shown.filter((at) => changes?.[at]?.area === area);
    return { workspace: of("workspace"), system: of("system") };
  }, [shown, changes]);
  if (changes === null)
    return <p class="empty">The changes of the file system were not recorded.</p>;
  return (
    <>
      <div class="pane-bar">
        <Tally kind="file" />
        <Choice label="Layout" options={LAYOUTS} chosen={layout} choose={setLayout} />
        <Choice label="Patches" options={VIEWS} chosen={view} choose={setView} />
      </div>
      {!run.writersKnown && changes.length > 0 && (
        <p class="note">Who wrote a file is not known: only snapshots tell of these.</p>
      )}
      <Area title="Workspace" indexes={areas.workspace} layout={layout} view={view} />
      <Area
        title="Outside the workspace"
        intro="The agent's home, /tmp and the rest of the room's system."
        indexes={areas.system}
        layout={layout}
        view={view}
      />
      {reads !== null && <Reads />}
    </>
  );
}

function Area({ title, intro, indexes, layout, view }: AreaProps) {
  const { changes } = useData();
  const rows = indexes.flatMap((at) => changes?.[at] ?? []);
  const [added, removed] = [0, 1].map((side) =>
    rows.reduce((sum, { lines }) => sum + (lines?.[side] ?? 0), 0),
  );
  const short = (added ?? 0) + (removed ?? 0) <= OPEN_LINES && rows.length <= OPEN_FILES;
  return (
    <section class="area" aria-label={title}>
      <h3>
        {title} <small>{plural(rows.length, "change")}</small>{" "}
        {(added ?? 0) + (removed ?? 0) > 0 && (
          <small>
            <ins>+{count(added ?? 0)}</ins> <del>−{count(removed ?? 0)}</del>
          </small>
        )}
      </h3>
      {intro !== undefined && rows.length > 0 && <p class="intro">{intro}</p>}
      {rows.length === 0 ? (
        <p class="empty">No change here.</p>
      ) : layout === "tree" ? (
        <FileTree indexes={indexes} view={view} open={short} />
      ) : (
        <List indexes={indexes} view={view} open={short} />
      )}
    </section>
  );
}

interface AreaProps {
  title: string;
  intro?: string;
  indexes: readonly Index[];
  layout: Layout;
  view: PatchView;
}

function List({ indexes, view, open }: FilesShown) {
  const { items, before, more } = useBatch(indexes, "file");
  return (
    <>
      {before}
      <ul class="list files">
        {items.map((at) => (
          <FileItem key={at} index={at} view={view} open={open} whole />
        ))}
      </ul>
      {more}
    </>
  );
}
