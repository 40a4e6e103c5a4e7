import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { KEYS } from "./keys.js";
import { openDialog } from "./store.js";

/** A dialog over the page: it takes the focus, and Esc or a click beside it closes it. */
export function Dialog({ title, children }: { title: string; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  // Before anything is painted: what is typed next is for the dialog already.
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc closes it, as any dialog
    <dialog
      ref={ref}
      aria-label={title}
      onClose={() => openDialog(null)}
      onClick={(event) => {
        if (event.target === ref.current) openDialog(null);
      }}
    >
      {children}
    </dialog>
  );
}

/** Closes what stands over the page now: the focus is back where it was when this returns. */
export function closeDialog(): void {
  document.querySelector<HTMLDialogElement>("dialog[open]")?.close();
  openDialog(null);
}

const PLOT_KEYS: readonly (readonly [string, string])[] = [
  ["← →", "earlier, later"],
  ["+ −", "closer, wider; also by wheel; two fingers do it, and move"],
  ["0", "the whole run"],
  ["Enter", "limit all panes to what is in view"],
  ["Shift ← →", "move the end of the range; Alt Shift: its start"],
];

/** What keys there are, and what the page's own find cannot see. */
export function Help() {
  return (
    <Dialog title="Help">
      <h2>Keys</h2>
      <KeyList keys={KEYS} />
      <h3>In the timeline</h3>
      <KeyList keys={PLOT_KEYS} />
      <p class="note">
        Drag on the ruler, or with Shift anywhere in the timeline, to choose a range. Every item has
        its address: follow its link and copy it. The browser's own find sees what is on the page;
        of long lists that are only the rows in the window, so use / for those.
      </p>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </Dialog>
  );
}

function KeyList({ keys }: { keys: readonly (readonly [string, string])[] }) {
  return (
    <dl class="keys">
      {keys.map(([key, what]) => (
        <div key={key}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}
