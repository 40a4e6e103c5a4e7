import type { ComponentChildren } from "preact";
import type { Index } from "../../data.js";
import { itemId } from "../../data.js";
import { duration, moment } from "../../format.js";
import { relationsOf } from "../../relations.js";
import { ItemLink } from "../item-link.js";
import { ItemLinks } from "../item-links.js";
import { useData } from "../store.js";
import { Time } from "../time.js";

/** All that is known of one process, with what it did. */
export function ProcessFacts({ index }: { index: Index }) {
  const data = useData();
  const { processes, strings } = data;
  if (processes === null) return null;
  const { ofProcess } = relationsOf(data);
  const text = (at: number | null | undefined) => (at == null ? "not seen" : strings[at]);
  const [call, parent] = [processes.call[index] ?? null, processes.parent[index] ?? null];
  const [start, end] = [processes.start[index] ?? 0, processes.end[index] ?? null];
  const execs = processes.execs.find(([at]) => at === index)?.[1] ?? [];
  const forged = processes.forged.find(([at]) => at === index)?.[1];
  return (
    <dl class="facts rows-of">
      <Fact name="Command">
        <code class="cap">{text(processes.command[index])}</code>
      </Fact>
      <Fact name="Call">
        {call === null ? "none claims it" : <ItemLink id={itemId("call", call)} />}
        {processes.byPattern.includes(index) && " by its pattern, while it ran"}
      </Fact>
      {forged !== undefined && (
        <Fact name="Forged call">
          <span class="state bad">its environment named another call:</span>{" "}
          <code class="cap">{forged}</code>
        </Fact>
      )}
      <Fact name="Parent">
        {parent === null ? "not seen" : <ItemLink id={itemId("p", parent)} />}
      </Fact>
      <Fact name="Lived">
        <Time ms={start} /> to {end === null ? "the end" : <Time ms={end} />}
        {end !== null && `, ${duration(end - start)}`}
      </Fact>
      <Fact name="File">
        <code class="cap">{text(processes.exe[index])}</code>
      </Fact>
      <Fact name="Folder">
        <code class="cap">{text(processes.cwd[index])}</code>
      </Fact>
      <Fact name="User id">{processes.uid[index] ?? "not seen"}</Fact>
      {execs.map(([at, command]) => (
        <Fact key={at} name={`Exec ${moment(at)}`}>
          <code class="cap">{text(command)}</code>
        </Fact>
      ))}
      <ItemLinks name="Started" kind="p" list={ofProcess.p.get(index)} />
      <ItemLinks name="Wrote" kind="file" list={ofProcess.file.get(index)} />
      <ItemLinks name="Connected" kind="conn" list={ofProcess.conn.get(index)} />
      <ItemLinks name="Asked for" kind="name" list={ofProcess.name.get(index)} />
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
