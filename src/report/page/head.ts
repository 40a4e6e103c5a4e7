import type { Head } from "../data.js";

/** Brings the page's head, which came as markup of our own, up to what new data say. */
export function renewHead(head: Head): void {
  const { status, observedRisk } = head;
  say(live("title"), head.title);
  say(live("run"), head.runId);
  say(live("agent"), head.agent);
  say(live("model"), head.model);
  if (head.prompt !== null) say(live("prompt"), head.prompt);
  if (observedRisk === null) badge("risk", "quiet", "risk not judged");
  else badge("risk", `risk-${observedRisk}`, element("span", "of", "observed"), ` ${observedRisk}`);
  const mark = element("span", "", status.mark);
  mark.setAttribute("aria-hidden", "true");
  badge("status", `status ${status.tone}`, mark, ` ${status.word}`);
  badge("valid", head.validity.tone, head.validity.text);
  say(live("word"), status.word);
  say(live("reason"), head.reason === null ? "" : `: ${head.reason}`);
  say(live("findings"), head.findings ?? "No rule found anything.");
  say(live("sure"), head.sure.text);
  const sure = live("sure")?.parentElement;
  if (sure) sure.className = `verdict ${head.sure.tone}`;
  say(live("duration"), head.duration);
  say(live("exit"), head.exit);
  const verdict = document.querySelector(".ended .verdict");
  if (verdict !== null) verdict.className = `verdict ${status.tone}`;
  document.querySelectorAll(".tiles .tile").forEach((tile, at) => {
    const told = head.tiles[at];
    if (told === undefined) return;
    say(tile.querySelector(".value"), told.value);
    say(tile.querySelector(".label"), told.label);
    const note = tile.querySelector(".tile-note");
    say(note, told.note);
    if (note !== null) note.className = `tile-note ${told.tone}`;
  });
  list(".worries", head.worries, worryItem);
  list(".sure", head.coverage, coverageItem);
}

const live = (name: string) => document.querySelector(`[data-live="${name}"]`);

function say(element: Element | null, text: string): void {
  if (element !== null && element.textContent !== text) element.textContent = text;
}

function badge(name: string, tone: string, ...content: (Node | string)[]): void {
  const badge = live(name);
  if (badge === null) return;
  badge.className = `badge ${tone}`;
  badge.replaceChildren(...content);
}

function list<T>(selector: string, items: readonly T[], make: (item: T) => HTMLElement): void {
  const made = items.map(make);
  if (made.length === 0) made.push(element("li", "", "Nothing stands out."));
  document.querySelector(selector)?.replaceChildren(...made);
}

function worryItem({ tone, href, text, detail }: Head["worries"][number]): HTMLElement {
  const item = element("li", tone);
  const link = element("a", "cap", text);
  link.setAttribute("href", href);
  item.append(link);
  if (detail !== null) item.append(" ", element("span", "cap detail", detail));
  return item;
}

function coverageItem({ state, observer, text }: Head["coverage"][number]): HTMLElement {
  const item = element("li", state);
  item.append(element("span", "mark"), element("strong", "cap observer", observer));
  item.append(" ", element("span", "cap", text));
  return item;
}

function element(tag: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
