import { useMemo, useState } from "preact/hooks";
import type { LogText } from "../../data.js";
import { bytes, count, plural } from "../../format.js";
import { Ansi } from "../ansi.js";
import { CopyButton } from "../copy-button.js";
import { useFilter, wordsOf } from "../filter.js";
import { type LogLine, logLines } from "../log-lines.js";
import { LINES_AT_FIRST, LINES_AT_ONCE, MoreLines } from "../more-lines.js";
import { Scroll } from "../scroll.js";
import { select, useData, useStore, useTexts } from "../store.js";
import { Time } from "../time.js";

/** What was printed: by the agent, by the export of its session, and both beside the run's life. */
export function LogsPane() {
  const logs = useTexts("logs");
  const selected = useStore((state) => state.selected);
  const [wrap, setWrap] = useState(true);
  if (logs === null) return <p class="empty">Reading…</p>;
  const shown = logs.find(({ name }) => `log-${name}` === selected) ?? logs[0];
  return (
    <>
      <div class="pane-bar">
        <fieldset class="choice">
          <legend class="vh">Which log</legend>
          {logs.map((log) => (
            <button
              key={log.name}
              type="button"
              data-item={`log-${log.name}`}
              aria-pressed={log === shown}
              onClick={() => select(`log-${log.name}`)}
            >
              {log.title} {log.sizeBytes !== null && <small>{bytes(log.sizeBytes)}</small>}
            </button>
          ))}
        </fieldset>
      </div>
      {shown !== undefined && (
        <Log key={shown.name} log={shown} wrap={wrap} toggle={() => setWrap(!wrap)} />
      )}
    </>
  );
}

function Log({ log, wrap, toggle }: { log: LogText; wrap: boolean; toggle: () => void }) {
  const { zero } = useData();
  const { range, query } = useFilter();
  const [limit, setLimit] = useState(LINES_AT_FIRST);
  const lines = useMemo(() => logLines(log, zero), [log, zero]);
  const found = useMemo(() => {
    const words = wordsOf(query);
    return lines.filter(
      ({ at, text }) =>
        words.every((word) => text.includes(word)) &&
        (range === null || (at !== null && at >= range[0] && at <= range[1])),
    );
  }, [lines, query, range]);
  const shown = found.slice(0, limit);
  const left = found.length - shown.length;
  const gapAt = shown.findIndex(({ number }) => number < 0);
  return (
    <div class="log" id={`log-${log.name}`}>
      <div class="pane-bar">
        <p class="tally">
          {found.length === lines.length ? "" : `${count(found.length)} of `}
          {plural(lines.length, "line")} <small>{log.what}</small> <code>{log.file}</code>{" "}
          <CopyButton text={log.file} what="path" />
        </p>
        <CopyButton text={log.head + (log.tail ?? "")} what="log" />
        <button type="button" aria-pressed={wrap} onClick={toggle}>
          Wrap lines
        </button>
      </div>
      {log.problem !== null && <p class="empty">{log.problem}</p>}
      {log.problem === null && lines.length === 0 && <p class="empty">Empty.</p>}
      {range !== null && lines.length > 0 && lines.every(({ at }) => at === null) && (
        <p class="empty">The lines of this log have no times: none can be shown for a range.</p>
      )}
      {shown.length > 0 && (
        <Scroll label={log.title}>
          <table class={`lines${wrap ? " wrap" : ""}`}>
            <tbody>
              {shown.map((line, index) => (
                <Line key={line.number} line={line} gap={index === gapAt ? log.gap : null} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      <MoreLines left={left} onMore={() => setLimit(limit + LINES_AT_ONCE)} />
      {left > 0 && log.gap !== null && <p class="cut">{log.gap}</p>}
    </div>
  );
}

function Line({ line: { number, at, runs }, gap }: { line: LogLine; gap: string | null }) {
  return (
    <>
      {gap !== null && (
        <tr class="gap">
          <td class="cut" colSpan={3}>
            {gap}
          </td>
        </tr>
      )}
      <tr>
        <td class="ln">{number < 0 ? `−${-number}` : number}</td>
        <td>{at === null ? "" : <Time ms={at} />}</td>
        <td class="code cap">
          <Ansi runs={runs} />
        </td>
      </tr>
    </>
  );
}
