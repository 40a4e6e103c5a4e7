import type { ReportData } from "../../data.js";
import { type Index, itemId } from "../../data.js";
import { bytes, count, duration } from "../../format.js";
import { roleOf } from "../../unclaimed.js";
import { CanaryChip } from "../canary-chip.js";
import { useChosen } from "../chosen.js";
import { CopyButton } from "../copy-button.js";
import { commandOf, ITEMS } from "../items.js";
import { select, unselect } from "../store.js";
import { Time } from "../time.js";
import { ProcessFacts } from "./process-facts.js";
import type { TreeRow } from "./tree.js";

/** Deeper processes are not moved further to the right: their depth is said. */
const MAX_INDENT = 12;

interface ProcessRowProps {
  data: ReportData;
  row: TreeRow;
  fold(index: Index, open: boolean): void;
}

/** A process in its tree; the chosen one with all that is known of it. */
export function ProcessRow({ data, row, fold }: ProcessRowProps) {
  const { index, depth, below, open, context } = row;
  const { processes } = data;
  const id = itemId("p", index);
  const { isChosen, ref } = useChosen<HTMLDivElement>(id);
  if (processes === null) return null;
  const [start, end] = [processes.start[index] ?? 0, processes.end[index] ?? null];
  const call = processes.call[index] ?? null;
  const toggle = () => (isChosen ? unselect() : select(id, { stay: true }));
  const press = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    if (event.key === "Enter" || event.key === " ") toggle();
    else if (event.key === "ArrowLeft" && below > 0) fold(index, false);
    else if (event.key === "ArrowRight" && below > 0) fold(index, true);
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={ref}
      id={id}
      data-item={id}
      role="treeitem"
      tabIndex={0}
      aria-level={depth + 1}
      aria-selected={isChosen}
      aria-expanded={below > 0 ? open : undefined}
      class={`process${isChosen ? " selected" : ""}${context ? " context" : ""}`}
      onKeyDown={press}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the row's keys are those of its item */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the same */}
      <div class="process-row" onClick={toggle}>
        <span class="pid">{processes.pid[index]}</span>
        <span class="command" style={{ "--depth": Math.min(depth, MAX_INDENT) }}>
          {below > 0 ? (
            <button
              type="button"
              class="sign twist"
              tabIndex={-1}
              aria-label={`${open ? "Fold" : "Unfold"} the ${count(below)} below ${processes.pid[index]}`}
              onClick={(event) => {
                event.stopPropagation();
                fold(index, !open);
              }}
            >
              {open ? "▾" : "▸"}
            </button>
          ) : (
            <span class="twist" />
          )}
          <code class="cap">{commandOf(data, index)}</code>
          <Chips data={data} row={row} />
        </span>
        <span class="of-call">{call === null || call < 0 ? "" : `#${call + 1}`}</span>
        <Time ms={start} />
        <span class="took">{end === null ? "–" : duration(end - start)}</span>
        <Exit exit={processes.exit[index] ?? null} signal={processes.signal[index] ?? null} />
        <span class="cpu">{duration(processes.cpuMs[index] ?? null)}</span>
        <span class="memory">{bytes(processes.rssBytes[index] ?? null)}</span>
      </div>
      {isChosen && (
        <div class="process-facts">
          <CopyButton text={commandOf(data, index)} what="command" />
          <ProcessFacts index={index} />
        </div>
      )}
    </div>
  );
}

function Exit({ exit, signal }: { exit: number | null; signal: number | null }) {
  if (signal !== null && signal !== 0) return <span class="exit bad">signal {signal}</span>;
  if (exit === null) return <span class="exit">–</span>;
  return <span class={exit === 0 ? "exit" : "exit bad"}>{exit}</span>;
}

function Chips({ data, row: { index, depth, below, open } }: { data: ReportData; row: TreeRow }) {
  const role = roleOf(data, index);
  return (
    <>
      {!open && <span class="chip">{count(below)} below</span>}
      {depth > MAX_INDENT && <span class="chip">depth {depth}</span>}
      <CanaryChip id={itemId("p", index)} />
      {role === "agent" && <span class="chip good">agent</span>}
      {role === "supervisor" && <span class="chip">supervisor</span>}
      {ITEMS.p.unclaimed(data, index) && <span class="chip warn">unclaimed</span>}
      {role === "descendant" && data.processes?.end[index] === null && (
        <span class="chip bad">{data.running ? "running" : "outlived the agent"}</span>
      )}
    </>
  );
}
