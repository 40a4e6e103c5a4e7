import {
  type ItemId,
  itemId,
  KINDS,
  type Kind,
  type ReportData,
  type ReportTexts,
} from "../data.js";
import { visible } from "../visible.js";
import type { Pane } from "./address.js";
import { wordsOf } from "./filter.js";
import { ITEMS, searchable, titleOf } from "./items.js";

const SHOWN_OF_A_KIND = 8;

/** What was found of one sort, the first of it. */
export interface Group {
  name: string;
  total: number;
  hits: Hit[];
}

/** One thing that was found. */
export interface Hit {
  /** Where it leads: an item, or a pane. */
  to: ItemId | Pane;
  title: string;
  where: string | null;
}

/** Everything that has each word of the query, by what it is; long texts as far as they have come. */
export function groupsOf(data: ReportData, texts: Partial<ReportTexts>, query: string): Group[] {
  const words = wordsOf(query);
  if (words.length === 0) return [];
  const groups = KINDS.map((kind): Group => groupOf(data, texts, kind, words));
  const logs = (texts.logs ?? []).flatMap(({ name, title, head, tail }) => {
    const where = excerpt(`${head}\n${tail ?? ""}`, words);
    return where === null ? [] : [{ to: `log-${name}` as ItemId, title, where }];
  });
  groups.push({ name: "logs", total: logs.length, hits: logs });
  groups.push(said(texts, words), told(data, words));
  return groups.filter(({ total }) => total > 0);
}

/** What users and systems said: it stands in the conversation, before the model call that carried it. */
function said({ messages = [] }: Partial<ReportTexts>, words: readonly string[]): Group {
  const found = messages.flatMap(({ role, text, turn }): Hit[] => {
    const where = excerpt(text, words);
    if (where === null) return [];
    return [{ to: turn === null ? "conversation" : itemId("turn", turn), title: role, where }];
  });
  return { name: "messages", total: found.length, hits: found.slice(0, SHOWN_OF_A_KIND) };
}

/** The pane that tells it, its name, and the text. */
type Line = [Pane, string, string];

/** How the run was made, what its observations may have missed, and which credentials were read. */
function told({ run, reads }: ReportData, words: readonly string[]): Group {
  const lines: Line[] = [
    ...run.facts.map(({ name, value }): Line => ["run", name, value]),
    ...run.coverage.map(({ observer, text, blind_spots }): Line => {
      return ["run", observer, [text, ...blind_spots].join("\n")];
    }),
    ...[...run.captureProblems, ...run.problems].map((text): Line => ["run", "problem", text]),
    ...(reads ?? []).map(({ path, how }): Line => ["files", "credentials read", `${how} ${path}`]),
  ];
  const found = lines.flatMap(([to, title, text]): Hit[] => {
    const where = excerpt(`${title}: ${text}`, words);
    return where === null ? [] : [{ to, title, where }];
  });
  return { name: "the run", total: found.length, hits: found.slice(0, SHOWN_OF_A_KIND) };
}

function groupOf(
  data: ReportData,
  texts: Partial<ReportTexts>,
  kind: Kind,
  words: readonly string[],
): Group {
  const lines = searchable(data, kind);
  const hits: Group["hits"] = [];
  let total = 0;
  lines.forEach((line, index) => {
    const inLine = words.every((word) => line.includes(word));
    const where = inLine ? null : excerpt(longText(texts, kind, index), words);
    if (!inLine && where === null) return;
    total += 1;
    if (hits.length >= SHOWN_OF_A_KIND) return;
    const id = itemId(kind, index);
    hits.push({ to: id, title: titleOf(data, id), where });
  });
  return { name: ITEMS[kind].many, total, hits };
}

/** What the long texts hold of one item. */
function longText(texts: Partial<ReportTexts>, kind: Kind, index: number): string {
  switch (kind) {
    case "call": {
      const text = texts.calls?.[index];
      return `${text?.title ?? ""}\n${text?.input ?? ""}\n${text?.output ?? ""}`;
    }
    case "turn": {
      const text = texts.turns?.[index];
      return [text?.text, ...(text?.tools.map((tool) => tool.arguments) ?? [])].join("\n");
    }
    case "file":
      return texts.changes?.[index]?.patch ?? "";
    case "event":
      return texts.events?.[index] ?? "";
    default:
      return "";
  }
}

/** The line around the first word, where all words are in the text; else null. */
function excerpt(text: string, words: readonly string[]): string | null {
  if (text === "") return null;
  const low = text.toLowerCase();
  if (!words.every((word) => low.includes(word))) return null;
  const at = low.indexOf(words[0] ?? "");
  const line = text.lastIndexOf("\n", at) + 1;
  const next = text.indexOf("\n", at);
  const [start, end] = [
    Math.max(line, at - 60),
    Math.min(next === -1 ? text.length : next, at + 140),
  ];
  const cut = end < (next === -1 ? text.length : next);
  const told = visible(text.slice(start, end).trim());
  return `${start > line ? "…" : ""}${told}${cut ? "…" : ""}`;
}
