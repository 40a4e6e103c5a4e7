import { useEffect, useMemo, useState } from "preact/hooks";
import type { Index, ReportData } from "../../data.js";
import { itemId, parseItemId } from "../../data.js";
import { useShown } from "../filter.js";
import { useData, useStore } from "../store.js";
import { Tally } from "../tally.js";
import { VirtualList } from "../virtual.js";
import { useWalk } from "../walk.js";
import { ProcessRow } from "./process-row.js";
import { treeRows } from "./tree.js";

/** Every process that was seen, as a tree. */
export function ProcessesPane() {
  const data = useData();
  const { shown } = useShown("p");
  const selected = useStore((state) => state.selected);
  const chosen = useStore((state) => state.chosen);
  const [folded, setFolded] = useState<ReadonlySet<Index>>(new Set<Index>());
  const rows = useMemo(() => treeRows(data, shown, folded), [data, shown, folded]);
  const ids = useMemo(() => rows.map(({ index }) => itemId("p", index)), [rows]);
  useWalk(ids);
  const item = selected === null ? null : parseItemId(selected);
  const process = item?.kind === "p" ? item.index : null;
  // What a link leads to is not left folded away.
  useEffect(() => {
    if (process !== null) setFolded((old) => unfoldedTo(data, process, old));
  }, [process, chosen]);
  const at = useMemo(
    () => (process === null ? -1 : rows.findIndex(({ index }) => index === process)),
    [rows, process],
  );
  if (data.processes === null) return <p class="empty">The process tree was not recorded.</p>;
  const fold = (index: Index, open: boolean) => {
    const next = new Set(folded);
    if (open) next.delete(index);
    else next.add(index);
    setFolded(next);
  };
  const all = () =>
    setFolded(new Set(rows.flatMap(({ index, below }) => (below > 0 ? index : []))));
  return (
    <>
      <div class="pane-bar">
        <Tally kind="p" />
        <button type="button" onClick={all}>
          Fold all
        </button>
        <button type="button" onClick={() => setFolded(new Set<Index>())}>
          Unfold all
        </button>
      </div>
      {rows.length === 0 && (
        <p class="empty">
          No process {data.processes.pid.length === 0 ? "was seen" : "passes the filter"}.
        </p>
      )}
      {rows.length > 0 && (
        <div class="tree-head" aria-hidden="true">
          <span>pid</span>
          <span>command</span>
          <span>call</span>
          <span>started</span>
          <span>lived</span>
          <span>exit</span>
          <span>CPU</span>
          <span>memory</span>
        </div>
      )}
      <VirtualList
        count={rows.length}
        height={27}
        keyOf={(row) => rows[row]?.index ?? row}
        at={at === -1 ? null : at}
        chosen={chosen}
        list={{ role: "tree", "aria-label": "Processes" }}
      >
        {(row) => {
          const told = rows[row];
          return told === undefined ? null : <ProcessRow data={data} row={told} fold={fold} />;
        }}
      </VirtualList>
    </>
  );
}

/** The same folds, but for those above a process. */
function unfoldedTo(
  { processes }: ReportData,
  index: Index,
  folded: ReadonlySet<Index>,
): ReadonlySet<Index> {
  const above: Index[] = [];
  let at = processes?.parent[index] ?? null;
  for (let steps = 0; at !== null && steps < 10_000; steps += 1) {
    if (folded.has(at)) above.push(at);
    at = processes?.parent[at] ?? null;
  }
  if (above.length === 0) return folded;
  return new Set([...folded].filter((one) => !above.includes(one)));
}
