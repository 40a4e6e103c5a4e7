import type { Row } from "../row.js";
import { el } from "./dom.js";
import { captureUrl } from "./server.js";

const FORMATS = [
  ["archive", "The capture, tar.gz"],
  ["export/atif", "Trajectory, ATIF"],
  ["export/otlp", "OpenTelemetry spans"],
  ["export/chrome-trace", "Timeline for Perfetto"],
  ["export/asciicast", "Output as asciicast"],
  ["export/jsonl", "One line of a dataset"],
  ["export/har", "Model calls as HAR"],
] as const;
const FILES = [
  ["run", "meta/run.json"],
  ["summary", "derived/summary.json"],
  ["containerLog", "logs/container.log"],
  ["processes", "process_tree.json"],
  ["files", "fs_diff.json"],
  ["network", "network.json"],
  ["resources", "resources.json"],
  ["modelCalls", "model_calls.jsonl"],
  ["events", "opencode_events.jsonl"],
  ["session", "session/export.json"],
] as const;

/** The menu of what can be had of a capture: its report alone, other formats, its own files. */
export function downloads({ id }: Row): HTMLElement {
  const tab = (path: string, label: string) =>
    el("a", { href: captureUrl(id, path), target: "_blank", rel: "noopener" }, label);
  const heading = (text: string) => el("span", { class: "quiet" }, text);
  const menu = el(
    "details",
    {
      class: "menu",
      // It goes where the reader does.
      focusout: (event) => {
        if (!menu.contains((event as FocusEvent).relatedTarget as Node | null)) menu.open = false;
      },
      keydown: (event) => {
        if ((event as KeyboardEvent).key !== "Escape" || !menu.open) return;
        menu.open = false;
        menu.querySelector("summary")?.focus();
      },
    },
    el("summary", { class: "button" }, "Get"),
    el(
      "div",
      {},
      tab("report", "The report alone"),
      heading("Download"),
      ...FORMATS.map(([path, label]) =>
        el("a", { href: captureUrl(id, path), download: true }, label),
      ),
      heading("Raw files"),
      ...FILES.map(([name, label]) => tab(`files/${name}`, label)),
    ),
  );
  return menu;
}
