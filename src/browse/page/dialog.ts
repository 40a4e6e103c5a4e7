import { byId, el } from "./dom.js";

const KEYS = [
  ["/", "search"],
  ["j, k, ↓, ↑", "next or previous in the list"],
  ["Enter", "open what is focused"],
  ["[, ]", "previous or next capture"],
  ["x", "compare the capture, or no longer"],
  ["m, c, l", "matrix, comparison, list"],
  ["n", "start a capture, where the server lets you"],
  ["r", "look at the folder again"],
  ["Esc", "close, or leave the search"],
  ["?", "this help"],
] as const;

/** Shows the keys. */
export function showKeys(): void {
  const dialog = byId<HTMLDialogElement>("dialog");
  const rows = KEYS.flatMap(([key, what]) => [
    el("dt", {}, el("kbd", {}, key)),
    el("dd", {}, what),
  ]);
  dialog.replaceChildren(
    el("h2", { id: "dialog-title" }, "Keyboard"),
    el("dl", { class: "keys" }, ...rows),
    el("form", { method: "dialog" }, el("button", {}, "Close")),
  );
  dialog.showModal();
}

/** Says something that went wrong. */
export function tell(title: string, text: string): void {
  const dialog = byId<HTMLDialogElement>("dialog");
  dialog.replaceChildren(
    el("h2", { id: "dialog-title" }, title),
    el("p", { class: "cap" }, text),
    el("form", { method: "dialog" }, el("button", { autofocus: true }, "Close")),
  );
  dialog.showModal();
}

/** Asks a question; true where it was answered with `yes`, false where it was closed. */
export function question(title: string, text: string, yes: string): Promise<boolean> {
  const dialog = byId<HTMLDialogElement>("dialog");
  dialog.replaceChildren(
    el("h2", { id: "dialog-title" }, title),
    el("p", { class: "cap" }, text),
    el(
      "form",
      { method: "dialog", class: "row" },
      el("button", { value: "no", autofocus: true }, "Keep it"),
      el("button", { value: "yes", class: "danger" }, yes),
    ),
  );
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
