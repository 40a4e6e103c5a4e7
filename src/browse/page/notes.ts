// What stands in a part of the page where there is nothing to show.
import type { Row } from "../row.js";
import { byId, el } from "./dom.js";

/** How there will be one. */
export function howToBegin(): string {
  const otherwise = "with scripts/run_opencode_capture.sh; it appears here by itself.";
  return byId("start").hidden ? `Make one ${otherwise}` : `Start one here, or ${otherwise}`;
}

export const NONE_MATCHES = "Clear takes the search and the filters away.";

export function reading(): HTMLElement {
  return el("p", { class: "page empty" }, "Reading…");
}

export function note(title: string, ...lines: (string | HTMLElement)[]): HTMLElement {
  const texts = lines.map((line) =>
    typeof line === "string" ? el("p", { class: "empty" }, line) : line,
  );
  return el("div", { class: "page" }, el("h2", {}, title), ...texts);
}

/** Of an address that names no capture; on a narrow screen the list is elsewhere. */
export function missing(id: string, listHref: string): HTMLElement {
  return note(
    "There is no such capture",
    el("p", { class: "cap" }, id),
    "It was deleted, or its folder has another name now.",
    el("p", {}, el("a", { href: listHref }, "To the list")),
  );
}

export function broken({ name, problem }: Row): HTMLElement {
  return note(
    "This directory is broken",
    el("p", { class: "cap" }, name),
    el("p", { class: "bad cap" }, problem ?? ""),
    "Nothing can be shown of it. It is read again when it changes; what is no capture belongs into another folder.",
  );
}
