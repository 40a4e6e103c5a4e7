import { useMemo } from "preact/hooks";
import type { Index, MessageText, ReportData, TurnRow } from "../../data.js";
import { itemId } from "../../data.js";
import { count, duration } from "../../format.js";
import { useFirst } from "../batch.js";
import { CopyButton } from "../copy-button.js";
import { isLimited, useFilter, useShown } from "../filter.js";
import { Item } from "../item.js";
import { ItemLink } from "../item-link.js";
import { Markdown } from "../markdown.js";
import { useData, useTexts } from "../store.js";
import { Tally } from "../tally.js";
import { Time } from "../time.js";
import { CallCard } from "./call-card.js";
import { Message } from "./message.js";

/** The model's turns in order, what was told it before each, and the tool calls that it asked for. */
export function ConversationPane() {
  const data = useData();
  const turns = useShown("turn").shown;
  const calls = useShown("call").shown;
  const filter = useFilter();
  const whole = !isLimited(filter);
  const spoken = useMemo(() => spokenTurns(data), [data]);
  const steps = useMemo(
    () => stepsOf(data, spoken, new Set(turns), new Set(calls)),
    [data, spoken, turns, calls],
  );
  const { items, before, more } = useFirst(steps, holds, 60);
  const messages = useTexts("messages");
  const told = (turn: Index | null) =>
    whole ? (messages ?? []).filter((message) => message.turn === turn) : [];
  return (
    <>
      <div class="pane-bar">
        <Tally kind="turn" />
        <Tally kind="call" />
      </div>
      {before}
      <ol class="conversation">
        {items.map(({ turn, calls }) => (
          <Step key={turn ?? "none"} turn={turn} calls={calls} told={told(turn)} />
        ))}
        {told(null).map((message, index) => (
          <Message key={`after-${index}`} message={message} />
        ))}
      </ol>
      {more}
      {steps.length === 0 && (
        <p class="empty">
          {whole
            ? "No model call and no tool call was recorded."
            : "Nothing of it passes the filter."}
        </p>
      )}
    </>
  );
}

/** A turn with the calls that it asked for; calls that no turn asked for stand after the last one. */
interface TurnStep {
  turn: Index | null;
  calls: Index[];
}

/** The model calls of the conversation; those that made a title or the like are not of it. */
function spokenTurns({ turns }: ReportData): Index[] {
  const all = turns.map((_, index) => index);
  return all
    .filter((index) => turns[index]?.purpose === "turn")
    .sort((a, b) => (turns[a]?.start ?? 0) - (turns[b]?.start ?? 0));
}

function holds({ turn, calls }: TurnStep, chosen: { kind: string; index: Index }): boolean {
  return chosen.kind === "call"
    ? calls.includes(chosen.index)
    : chosen.kind === "turn" && chosen.index === turn;
}

function stepsOf(
  data: ReportData,
  spoken: readonly Index[],
  turns: ReadonlySet<Index>,
  calls: ReadonlySet<Index>,
): TurnStep[] {
  const steps = new Map<Index | null, Index[]>([[null, []]]);
  for (const turn of spoken) steps.set(turn, []);
  const before = (start: number) =>
    spoken.findLast((turn) => (data.turns[turn]?.start ?? 0) <= start) ?? null;
  data.calls.forEach((call, index) => {
    const isAsked = call.turn !== null && steps.has(call.turn);
    const home = isAsked ? call.turn : before(call.start ?? 0);
    if (calls.has(index)) steps.get(home)?.push(index);
  });
  return [...steps]
    .map(([turn, asked]) => ({ turn, calls: asked }))
    .filter(({ turn, calls: asked }) => asked.length > 0 || (turn !== null && turns.has(turn)));
}

function Step({ turn, calls, told }: TurnStep & { told: readonly MessageText[] }) {
  const { turns } = useData();
  const row = turn === null ? undefined : turns[turn];
  return (
    <>
      {told.map((message, index) => (
        <Message key={index} message={message} />
      ))}
      {row !== undefined && turn !== null && <Turn row={row} index={turn} />}
      {calls.map((call) => (
        <CallCard key={call} index={call} />
      ))}
    </>
  );
}

/** How model APIs say that an answer ended as it should. */
const USUAL_STOPS = new Set(["stop", "tool_calls", "end_turn", "tool_use", "completed"]);

function Turn({ row, index }: { row: TurnRow; index: Index }) {
  const texts = useTexts("turns");
  const text = texts?.[index];
  const { input, output } = row.tokens;
  return (
    <Item kind="turn" index={index} class="turn">
      <p class="item-head">
        <strong>Model</strong>
        <Time ms={row.start} />
        <small class="cap">
          {duration(row.end - row.start)}
          {input !== null && ` · ${count(input)} in`}
          {output !== null && `, ${count(output)} out`}
          {row.cost !== null && ` · $${row.cost.toFixed(4)}`}
          {row.stop !== null && !USUAL_STOPS.has(row.stop) && ` · stopped: ${row.stop}`}
        </small>
        {row.error !== null && <span class="state bad">failed</span>}
        {text?.text && <CopyButton text={text.text} what="what the model said" />}
        <ItemLink id={itemId("turn", index)}>model call {row.seq}</ItemLink>
      </p>
      {row.error !== null && <p class="state bad cap">{row.error}</p>}
      {texts === null ? <p class="empty">Reading…</p> : text?.text && <Markdown text={text.text} />}
      {texts !== null && !text?.text && row.error === null && (
        <p class="empty">
          {text === null
            ? "What it said is in observations/model_calls.jsonl."
            : row.tools.length > 0
              ? "Said nothing, and asked for tools."
              : "Said nothing."}
        </p>
      )}
      {(text?.textOmitted ?? 0) > 0 && (
        <p class="cut">
          {count(text?.textOmitted ?? 0)} more characters are in{" "}
          <code>observations/model_calls.jsonl</code>
        </p>
      )}
    </Item>
  );
}
