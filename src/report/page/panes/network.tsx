import { useMemo, useState } from "preact/hooks";
import { type ConnectionRow, type Index, itemId, type ReportData } from "../../data.js";
import { bytes, count, plural } from "../../format.js";
import { useBatch, useFirst } from "../batch.js";
import { CanaryChip } from "../canary-chip.js";
import { Cause } from "../cause.js";
import { Choice } from "../choice.js";
import { CopyButton } from "../copy-button.js";
import { useShown } from "../filter.js";
import { Item } from "../item.js";
import { commandOf } from "../items.js";
import { useData } from "../store.js";
import { Tally } from "../tally.js";
import { Time } from "../time.js";
import { Names } from "./names.js";

const GROUPINGS = [
  ["host", "By host"],
  ["process", "By process"],
  ["none", "In order"],
] as const;
type Grouping = (typeof GROUPINGS)[number][0];

const PURPOSES = {
  model: "model gateway",
  listen: "listening",
  local: "inside the room",
  outside: "leaving the room",
};
const RANK = { refused: 0, unreachable: 1, allowed: 2 };

/** Connections by host or by process, those that were refused first, and the names asked for. */
export function NetworkPane() {
  const data = useData();
  const { shown } = useShown("conn");
  const [grouping, setGrouping] = useState<Grouping>("host");
  const groups = useMemo(() => grouped(data, shown, grouping), [data, shown, grouping]);
  const first = useFirst(
    groups,
    ({ indexes }, { kind, index }) => kind === "conn" && indexes.includes(index),
    60,
  );
  if (data.connections === null) return <p class="empty">The network was not recorded.</p>;
  return (
    <>
      {data.run.policy !== null && <p class="intro cap">Policy: {data.run.policy}.</p>}
      <div class="pane-bar">
        <Tally kind="conn" />
        <Choice
          label="How connections are grouped"
          options={GROUPINGS}
          chosen={grouping}
          choose={setGrouping}
        />
      </div>
      {first.before}
      {first.items.map(({ name, indexes }) => (
        <Group key={name ?? ""} name={name} indexes={indexes} grouping={grouping} />
      ))}
      {first.more}
      {shown.length === 0 && <p class="empty">No connection was seen here.</p>}
      <section class="area" aria-label="Names asked for">
        <Names />
      </section>
    </>
  );
}

interface Connections {
  name: string | null;
  indexes: Index[];
}

/** The worst first: refused, unreachable, then what leaves the room, then the rest. */
function grouped(data: ReportData, shown: readonly Index[], grouping: Grouping): Connections[] {
  const row = (index: Index) => data.connections?.[index];
  const rank = (index: Index) => {
    const { verdict = "allowed", purpose = null } = row(index) ?? {};
    return RANK[verdict] * 2 + (purpose === "outside" || purpose === null ? 0 : 1);
  };
  if (grouping === "none") return [{ name: null, indexes: [...shown] }];
  const groups = new Map<string, Index[]>();
  for (const index of shown) {
    const { host = "unknown", process = null } = row(index) ?? {};
    const owner = process === null ? "process not seen" : titleOfProcess(data, process);
    const name = grouping === "host" ? host : owner;
    const indexes = groups.get(name);
    if (indexes === undefined) groups.set(name, [index]);
    else indexes.push(index);
  }
  const worst = (indexes: readonly Index[]) =>
    indexes.reduce((least, at) => Math.min(least, rank(at)), 9);
  return [...groups]
    .map(([name, indexes]) => ({ name, indexes: indexes.sort((a, b) => rank(a) - rank(b)) }))
    .sort((a, b) => worst(a.indexes) - worst(b.indexes));
}

function titleOfProcess(data: ReportData, process: Index): string {
  return `${data.processes?.pid[process] ?? ""} ${commandOf(data, process)}`.slice(0, 300);
}

/** Connections under what they have in common; of a single one to a host its row says it all. */
function Group({ name, indexes, grouping }: Connections & { grouping: Grouping }) {
  const { connections } = useData();
  const { items, before, more } = useBatch(indexes, "conn", 100);
  const rows = indexes.flatMap((index) => connections?.[index] ?? []);
  const refused = rows.filter(({ verdict }) => verdict === "refused").length;
  const sum = (of: (row: ConnectionRow) => number | null) =>
    rows.reduce((total, row) => total + (of(row) ?? 0), 0);
  const known = rows.some(({ sent, received }) => sent !== null || received !== null);
  const isHeaded = name !== null && (grouping === "process" || rows.length > 1);
  return (
    <section class="group" aria-label={name ?? "Connections"}>
      {isHeaded && (
        <h3 class="group-head">
          <code class="cap">{name}</code> <CopyButton text={name} what="name" />
          <small>
            {plural(rows.length, "connection")}
            {refused > 0 && <span class="bad">, {count(refused)} refused</span>}
            {known &&
              `, ${bytes(sum((row) => row.sent))} out, ${bytes(sum((row) => row.received))} in`}
          </small>
        </h3>
      )}
      {before}
      <ul class="list connections">
        {items.map((index) => {
          const row = connections?.[index];
          return row && <Connection key={index} row={row} index={index} />;
        })}
      </ul>
      {more}
    </section>
  );
}

function Connection({ row, index }: { row: ConnectionRow; index: Index }) {
  const named = [row.serverName, row.httpHost].filter((name) => name && name !== row.host);
  return (
    <Item kind="conn" index={index} class="connection">
      <Time ms={row.start} />
      <span class={`verdict-${row.verdict}`}>
        {row.verdict}
        {row.attempts > 1 && ` ×${count(row.attempts)}`}
      </span>
      <span class="told">
        <code class="cap">{row.remote ?? row.local ?? row.host}</code>{" "}
        <CopyButton text={row.remote ?? row.local ?? row.host} what="address" />{" "}
        <small class="cap">
          {[row.protocol, row.state, row.purpose && PURPOSES[row.purpose]]
            .filter(Boolean)
            .join(" · ")}
          {row.address !== undefined && ` · at ${row.address}`}
          {row.reason !== undefined && ` · ${row.reason}`}
        </small>
        <CanaryChip id={itemId("conn", index)} />
        {named.length > 0 && (
          <small class="cap"> · the packets name {[...new Set(named)].join(", ")}</small>
        )}
      </span>
      <span class="amount">
        {row.sent === null && row.received === null
          ? ""
          : `${bytes(row.sent)} out, ${bytes(row.received)} in`}
      </span>
      <Cause process={row.process} call={row.call} />
    </Item>
  );
}
