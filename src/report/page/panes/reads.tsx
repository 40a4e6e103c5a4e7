import { count } from "../../format.js";
import { Cause } from "../cause.js";
import { useData } from "../store.js";
import { Time } from "../time.js";

/** Credentials that were read. They have no address of their own: each leads to who read it. */
export function Reads() {
  const reads = useData().reads ?? [];
  return (
    <section class="area" aria-label="Credentials read">
      <h3>
        Read at usual places of credentials <small>{count(reads.length)}</small>
      </h3>
      {reads.length === 0 ? (
        <p class="empty">None was seen to be read.</p>
      ) : (
        <ul class="list">
          {reads.slice(0, 500).map((read, at) => (
            <li key={at} class="item connection">
              <Time ms={read.at} />
              <span class="state warn">{read.how.replaceAll("_", " ")}</span>
              <code class="told cap">{read.path}</code>
              <span class="amount">{read.count > 1 && `×${count(read.count)}`}</span>
              <Cause process={read.process} call={read.call} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
