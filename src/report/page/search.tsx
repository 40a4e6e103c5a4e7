import { useEffect, useMemo, useState } from "preact/hooks";
import { count } from "../format.js";
import { PANES, type Pane } from "./address.js";
import { leaveFocus } from "./chosen.js";
import { closeDialog, Dialog } from "./dialogs.js";
import { groupsOf, type Hit } from "./found.js";
import { load, openDialog, select, setQuery, showPane, useData, useStore } from "./store.js";

/** The long texts that are searched. */
const PARTS = ["calls", "turns", "messages", "changes", "events", "logs"] as const;

/** Search through every item of the page and its long texts; a hit leads to its item. */
export function Search() {
  const data = useData();
  const texts = useStore((state) => state.texts);
  const [query, setText] = useState(() => "");
  const [at, setAt] = useState(0);
  useEffect(() => {
    for (const part of PARTS) void load(part);
  }, []);
  const groups = useMemo(() => groupsOf(data, texts, query), [data, texts, query]);
  const hits = groups.flatMap((group) => group.hits);
  const chosen = hits[Math.min(at, hits.length - 1)];
  const go = (to: Hit["to"] | undefined) => {
    if (to === undefined) return;
    closeDialog();
    leaveFocus();
    if (isPane(to)) showPane(to);
    else select(to);
  };
  const press = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) setAt(Math.max(0, Math.min(hits.length - 1, at + step)));
    else if (event.key === "Enter") go(chosen?.to);
    // A search field would take it to empty itself.
    else if (event.key === "Escape") openDialog(null);
    else return;
    event.preventDefault();
  };
  const waiting = PARTS.some((part) => texts[part] === undefined);
  return (
    <Dialog title="Search everything">
      <input
        type="search"
        class="search-field"
        aria-label="Search everything"
        placeholder="Search commands, paths, hosts, outputs, patches, logs…"
        value={query}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={press}
        aria-controls="hits"
        aria-activedescendant={chosen === undefined ? undefined : idOf(hits, chosen)}
        autocomplete="off"
      />
      <p class="note" aria-live="polite">
        {query.trim() === ""
          ? "Every word must be in an item. ↑ ↓ choose, Enter goes there."
          : `${count(groups.reduce((sum, { total }) => sum + total, 0))} found${waiting ? "; still reading the long texts…" : ""}`}
        {query.trim() !== "" && (
          <button
            type="button"
            class="link"
            onClick={() => {
              setQuery(query);
              openDialog(null);
            }}
          >
            Filter the panes by this
          </button>
        )}
      </p>
      <div id="hits" role="listbox" aria-label="Found" class="hits" tabIndex={-1}>
        {groups.map(({ name, total, hits: found }) => (
          // biome-ignore lint/a11y/useSemanticElements: a group of options has no element but of a select
          <div key={name} role="group" aria-label={name}>
            <p class="hits-kind" aria-hidden="true">
              {name}{" "}
              <span class="n">
                {total > found.length ? `${count(found.length)} of ${count(total)}` : count(total)}
              </span>
            </p>
            {found.map((hit) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
              <div
                key={idOf(hits, hit)}
                id={idOf(hits, hit)}
                role="option"
                tabIndex={-1}
                aria-selected={hit === chosen}
                class="hit"
                onClick={() => go(hit.to)}
              >
                <span class="cap hit-title">{hit.title}</span>
                {hit.where !== null && <small class="cap">{hit.where}</small>}
              </div>
            ))}
          </div>
        ))}
      </div>
    </Dialog>
  );
}

function isPane(to: Hit["to"]): to is Pane {
  return PANES.some((pane) => pane === to);
}

/** An element's id: an item may be found twice, by itself and by what was said in it. */
function idOf(hits: readonly Hit[], hit: Hit): string {
  return `hit-${hits.indexOf(hit)}-${hit.to}`;
}
