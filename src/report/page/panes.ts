import type { ComponentType } from "preact";
import type { ReportData } from "../data.js";
import { relationsOf } from "../relations.js";
import type { Pane } from "./address.js";
import { ConversationPane } from "./panes/conversation.js";
import { EventsPane } from "./panes/events.js";
import { FilesPane } from "./panes/files.js";
import { FindingsPane } from "./panes/findings.js";
import { LogsPane } from "./panes/logs.js";
import { ModelPane } from "./panes/model.js";
import { NetworkPane } from "./panes/network.js";
import { ProcessesPane } from "./panes/processes.js";
import { RunPane } from "./panes/run.js";
import { UnclaimedPane } from "./panes/unclaimed.js";

/** A pane as its tab names it. */
interface PaneEntry {
  title: string;
  /** How many items it has; null where that says nothing. */
  count(data: ReportData): number | null;
  Component: ComponentType;
}

/** Every pane by its name in the address. */
export const ENTRIES: Record<Pane, PaneEntry> = {
  findings: {
    title: "Findings",
    count: (data) => data.held.finding.total,
    Component: FindingsPane,
  },
  conversation: {
    title: "Conversation",
    count: (data) => data.held.call.total,
    Component: ConversationPane,
  },
  unclaimed: { title: "Unclaimed", count: countUnclaimed, Component: UnclaimedPane },
  processes: { title: "Processes", count: (data) => data.held.p.total, Component: ProcessesPane },
  files: { title: "Files", count: (data) => data.held.file.total, Component: FilesPane },
  network: { title: "Network", count: (data) => data.held.conn.total, Component: NetworkPane },
  model: { title: "Model calls", count: (data) => data.held.turn.total, Component: ModelPane },
  logs: { title: "Logs", count: () => null, Component: LogsPane },
  events: { title: "Events", count: (data) => data.held.event.total, Component: EventsPane },
  run: { title: "Run", count: () => null, Component: RunPane },
};

function countUnclaimed(data: ReportData): number {
  const seen = Object.values(relationsOf(data).unclaimed).reduce(
    (sum, { length }) => sum + length,
    0,
  );
  return seen + data.calls.filter(({ unseen }) => unseen !== null).length;
}
