import { useMemo, useState } from "preact/hooks";
import type { Index } from "../../data.js";
import { parseItemId } from "../../data.js";
import { count } from "../../format.js";
import { useBatch } from "../batch.js";
import { CallLink } from "../call-link.js";
import { type Folder, foldersOf } from "../folders.js";
import { Item } from "../item.js";
import { useData, useStore } from "../store.js";
import { ChangeLetter, FileItem, type PatchView } from "./file-item.js";

/** Folders with more than this are folded at first. */
const OPEN_FOLDER = 30;

/** Changed files, and how their patches are shown. */
export interface FilesShown {
  indexes: readonly Index[];
  view: PatchView;
  /** Patches are open from the start. */
  open: boolean;
}

/** Changed files by their folders. */
export function FileTree({ indexes, view, open }: FilesShown) {
  const { changes } = useData();
  const root = useMemo(
    () => foldersOf(indexes, (at) => changes?.[at]?.path ?? ""),
    [indexes, changes],
  );
  return <FolderItems folder={root} view={view} open={open} />;
}

function FolderItems({ folder, view, open }: Branch) {
  const { items, before, more } = useBatch(folder.items, "file");
  return (
    <ul class="list files">
      {folder.folders.map((child) => (
        <FolderItem
          key={child.path}
          folder={child}
          view={view}
          open={open}
          alone={folder.folders.length + folder.items.length === 1}
        />
      ))}
      {before && <li>{before}</li>}
      {items.map((at) => (
        <FileItem key={at} index={at} view={view} open={open} />
      ))}
      {more && <li>{more}</li>}
    </ul>
  );
}

interface Branch {
  folder: Folder<Index>;
  view: PatchView;
  open: boolean;
}

/** A folder, which may be a change itself; what is in it is made when it is opened. */
function FolderItem({ folder, view, open, alone }: Branch & { alone: boolean }) {
  const { changes } = useData();
  const within = useStore(({ selected }) => {
    const item = selected === null ? null : parseItemId(selected);
    return item?.kind === "file" && holds(folder, item.index);
  });
  const [opened, setOpened] = useState(alone || folder.count <= OPEN_FOLDER);
  const isOpen = opened || within;
  const own = folder.own === null ? undefined : changes?.[folder.own];
  const content = (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpened(currentTarget.open)}>
      <summary>
        {own !== undefined && <ChangeLetter change={own.change} />}
        <code class="cap">{folder.name}/</code> <small>{count(folder.count)}</small>
      </summary>
      {isOpen && own !== undefined && own.call !== null && (
        <p class="from">
          Caused by <CallLink call={own.call} />
        </p>
      )}
      {isOpen && <FolderItems folder={folder} view={view} open={open} />}
    </details>
  );
  return folder.own === null ? (
    <li class="folder">{content}</li>
  ) : (
    <Item kind="file" index={folder.own} class="folder">
      {content}
    </Item>
  );
}

function holds(folder: Folder<Index>, index: Index): boolean {
  return (
    folder.items.includes(index) ||
    folder.folders.some((child) => child.own === index || holds(child, index))
  );
}
