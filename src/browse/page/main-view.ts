import type { Row } from "../row.js";
import { MAX_COMPARED, type State } from "../state.js";
import type { Captures } from "./captures.js";
import { compareView } from "./compare.js";
import { byId } from "./dom.js";
import type { FactsCache } from "./facts.js";
import { matrixView } from "./matrix.js";
import { howToBegin, missing, note, reading } from "./notes.js";
import { overview } from "./overview.js";
import { panelView } from "./panel.js";

/** The part beside the list: a capture, the matrix, a comparison, or a word of welcome. */
export interface MainView {
  show(state: State, chosen: readonly Row[]): void;
  /** Forgets the capture that is shown, so that it is made anew. */
  forget(): void;
}

export function mainView(page: {
  captures: Captures;
  facts: FactsCache;
  href(id: string): string;
  hrefTo(change: Partial<State>): string;
  move(change: Partial<State>): void;
  makeAgain(row: Row): void;
  remove(row: Row): void;
}): MainView {
  const main = byId("main");
  const { captures, facts, href } = page;
  const compareHref = (ids: readonly string[]) =>
    page.hrefTo({ view: "compare", compare: ids.slice(0, MAX_COMPARED) });
  const panel = panelView({
    href,
    go: (id) => page.move({ view: "list", capture: id }),
    back: () => page.move({ capture: null }),
    compareSame(row) {
      const same = [...captures.rows.values()].filter(
        ({ issue }) => issue !== null && issue === row.issue,
      );
      if (same.length < 2) return null;
      return compareHref(
        [row, ...same.filter((each) => each !== row).reverse()].map(({ id }) => id),
      );
    },
    makeAgain: page.makeAgain,
    remove: page.remove,
  });
  /** Whether there is what a view needs: all that the server reads, or something of it. */
  const isRead = (all: boolean) => {
    const { done, total } = captures.progress();
    return captures.whole() && (done === total || (!all && captures.rows.size > 0));
  };
  const keepScroll = (view: HTMLElement) => {
    const before = main.querySelector(".scroll");
    const at = [before?.scrollLeft ?? 0, before?.scrollTop ?? 0] as const;
    main.replaceChildren(view);
    main.querySelector(".scroll")?.scrollTo(...at);
  };
  return {
    show({ view, capture, compare }, chosen) {
      const row = view === "list" && capture !== null ? captures.find(capture) : undefined;
      if (row !== undefined) return panel.show(row, chosen);
      panel.forget();
      if (view === "matrix")
        keepScroll(captures.whole() ? matrixView(chosen, href, compareHref) : reading());
      else if (view === "compare") {
        const leave = (id: string) => page.move({ compare: compare.filter((each) => each !== id) });
        const compared = compare.map((id) => {
          return { id, row: captures.rows.get(id), facts: facts.of(id) };
        });
        keepScroll(compareView(compared, href, leave));
      } else if (!isRead(capture !== null)) main.replaceChildren(reading());
      else if (capture !== null)
        main.replaceChildren(missing(capture, page.hrefTo({ capture: null })));
      else if (captures.rows.size === 0)
        main.replaceChildren(note("No captures yet", howToBegin()));
      else keepScroll(overview(chosen, page.hrefTo));
    },
    forget: panel.forget,
  };
}
