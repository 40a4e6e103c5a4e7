import type { FileChange } from "../record/files.js";
import type { Known } from "./files-content.js";
import type { EngineChange, SystemView } from "./files-view.js";
import type { BytePath } from "./tree-cursor.js";

/** What of this list is said wherever it stands in for the layers. */
export const ONLY_NAMES = "outside the workspace only names are known, no contents, sizes or modes";

/**
 * What the engine lists as changed outside the workspace: names alone, without folders that are
 * listed only for what is below them. Throws what the engine answers.
 */
export async function listedChanges(
  view: Pick<SystemView, "engineChanges" | "planted" | "ignore">,
): Promise<FileChange[]> {
  const rows = withoutPlanted(await view.engineChanges(), view.planted ?? new Map());
  const ignored = new Set(view.ignore);
  const parents = new Set(
    rows.map(({ Path }) => Path.slice(0, Math.max(0, Path.lastIndexOf("/")))),
  );
  const kinds = ["modified", "added", "deleted"] as const;
  return rows.flatMap(({ Path, Kind }) => {
    const change = kinds[Kind];
    if (change === undefined || isBelow(Path, ignored)) return [];
    return Kind === 0 && parents.has(Path) ? [] : [listed(Path, change)];
  });
}

/** The engine tells of what was planted as added, changed or not; and of what is gone not at all. */
function withoutPlanted(
  rows: EngineChange[],
  planted: ReadonlyMap<BytePath, Known>,
): EngineChange[] {
  const asBytes = ({ Path }: EngineChange) => Buffer.from(Path.slice(1)).toString("latin1");
  const there = new Set(rows.map(asBytes));
  const gone = [...planted.keys()].filter((path) => !there.has(path));
  return [
    ...rows.filter((row) => !planted.has(asBytes(row))),
    ...gone.map((path) => ({ Path: `/${Buffer.from(path, "latin1").toString()}`, Kind: 2 })),
  ];
}

/** Whether a path is one of these, or below one. */
function isBelow(path: string, ignored: ReadonlySet<BytePath>): boolean {
  const names = Buffer.from(path).toString("latin1").split("/");
  return names.some((_, last) => ignored.has(names.slice(0, last + 1).join("/")));
}

function listed(path: string, change: "modified" | "added" | "deleted"): FileChange {
  return {
    path,
    change,
    kind: "unknown",
    before: null,
    after: null,
    patch_omitted: "only the name is known",
    written_by: [],
    call_id: null,
  };
}
