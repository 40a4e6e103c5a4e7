import { bytes } from "../../format.js";
import { CopyButton } from "../copy-button.js";
import { Scroll } from "../scroll.js";
import { useData } from "../store.js";

/** How the run was made, and how sure each observation is. */
export function RunPane() {
  const { run } = useData();
  return (
    <>
      {!run.valid && (
        <section class="problems" aria-label="Not valid">
          <h3 class="state bad">This capture is not valid</h3>
          <Lines lines={run.captureProblems} />
        </section>
      )}
      {run.problems.length > 0 && (
        <section class="problems" aria-label="Problems">
          <h3>Missing, cut or unreadable</h3>
          <Lines lines={run.problems} />
        </section>
      )}
      <Facts />
      <Attempts />
      <Coverage />
      <Seal />
    </>
  );
}

function Lines({ lines }: { lines: readonly string[] }) {
  return (
    <ul class="plain">
      {lines.map((line, index) => (
        <li key={index} class="cap">
          {line}
        </li>
      ))}
    </ul>
  );
}

/** A longer value has a line of its own. */
const LONG = 100;

function Facts() {
  const { facts } = useData().run;
  if (facts.length === 0) return <p class="empty">The run left no record of itself.</p>;
  return (
    <dl class="facts columns run-facts">
      {facts.map(({ name, value }) => (
        <div key={name} class={value.length > LONG ? "whole-line" : ""}>
          <dt>{name}</dt>
          <dd class="cap">
            {value} <CopyButton text={value} what={name} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Attempts() {
  const { attempts } = useData().run;
  if (attempts.length === 0) return null;
  return (
    <section aria-label="Earlier attempts">
      <h3>Earlier attempts, with other models</h3>
      <ul class="plain">
        {attempts.map(({ n, model, status, reason }) => (
          <li key={n} class="cap">
            <strong>{n}</strong> <code>{model}</code> {status}
            {reason !== null && `: ${reason}`} <small>attempts/{n}/</small>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Coverage() {
  const { coverage } = useData().run;
  return (
    <section id="coverage" aria-label="Coverage">
      <h3>How each observation was made, and what it may have missed</h3>
      <ul class="sure in-full">
        {coverage.map(({ observer, state, text, blind_spots }) => (
          <li key={observer} class={state}>
            <p>
              <span class="mark" aria-hidden="true" />
              <strong class="cap observer">{observer}</strong> <span class="cap">{text}</span>
            </p>
            {blind_spots.length > 0 && (
              <ul class="blind">
                {blind_spots.map((spot, index) => (
                  <li key={index} class="cap">
                    {spot}
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Seal() {
  const { manifest } = useData().run;
  if (manifest === null) return <p class="empty">The run was not sealed: no manifest.</p>;
  return (
    <section aria-label="Manifest">
      <h3>What the seal covers</h3>
      <Scroll label="Files of the run directory">
        <table class="rows compact manifest">
          <thead>
            <tr>
              <th scope="col">File</th>
              <th scope="col" class="right">
                Size
              </th>
              <th scope="col">sha256</th>
            </tr>
          </thead>
          <tbody>
            {manifest.map(({ file, bytes: size, sha256 }) => (
              <tr key={file}>
                <th scope="row">
                  <code class="cap">{file}</code>
                </th>
                <td class="num right" data-label="size">
                  {bytes(size)}
                </td>
                <td>
                  <code class="cap hash">{sha256}</code> <CopyButton text={sha256} what="sha256" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}
