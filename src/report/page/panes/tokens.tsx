import type { ReportData, TurnRow } from "../../data.js";
import { count } from "../../format.js";
import { Scroll } from "../scroll.js";
import { useData } from "../store.js";

type Tokens = ReportData["tokens"];
type Counted = NonNullable<Tokens["sources"][number]["count"]>;
type Compared = Tokens["differences"][number]["what"];

const COLUMNS: readonly [Compared | "calls", string, (count: Counted) => number | undefined][] = [
  ["calls", "Calls", ({ calls }) => calls],
  ["input", "In", ({ input }) => input],
  ["output", "Out", ({ output }) => output],
  ["reasoning", "Reasoning", ({ reasoning }) => reasoning],
  ["cache_read", "Cache read", ({ cache_read }) => cache_read],
  ["cache_write", "Cache written", ({ cache_write }) => cache_write],
  ["cost", "Cost", ({ cost }) => cost],
];

/** Who counted what; a column in which two that know do not say the same is marked. */
export function TokenTable() {
  const { sources, agree, differences } = useData().tokens;
  const known = sources.flatMap(({ source, count: counted }) =>
    counted === null ? [] : [{ source, counted }],
  );
  if (known.length === 0) return null;
  const costs = known.flatMap(({ source, counted }) => costWords(source, counted));
  const differing = new Set<string>(differences.map(({ what }) => what));
  return (
    <>
      <h3>Tokens, by who counted them</h3>
      <Scroll label="Tokens, by who counted them">
        <table class="rows compact">
          <thead>
            <tr>
              <th scope="col">Source</th>
              {COLUMNS.map(([, name]) => (
                <th key={name} scope="col" class="right">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {known.map(({ source, counted }) => (
              <tr key={source}>
                <th scope="row">{source}</th>
                {COLUMNS.map(([what, name, read]) => (
                  <td
                    key={name}
                    class={`num right${differing.has(what) ? " differs" : ""}`}
                    data-label={name}
                  >
                    {shownNumber(name, read(counted))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {costs.length > 0 && <p class="note">{costs.join(" ")}</p>}
      {agree !== null && (
        <p class={agree ? "note" : "cut"}>
          {agree
            ? "All sources that counted agree on tokens and cost."
            : `The sources do not agree: ${differences.map(apart).join(", ")}.`}
        </p>
      )}
    </>
  );
}

/** Who says what the cost of a source is, and of how many calls nobody does. */
function costWords(
  source: string,
  { cost_sources: sources = [], calls_unpriced: unpriced = 0 }: Counted,
): string[] {
  if (sources.length === 0) return [];
  const missing = unpriced === 0 ? "" : `, of ${count(unpriced)} calls not known`;
  return [`Cost by the ${source}: ${sources.map((each) => COST_BY[each]).join(", ")}${missing}.`];
}

const COST_BY: Record<NonNullable<TurnRow["costSource"]>, string> = {
  answered: "as the answers say",
  settings: "tokens at the price in the settings",
  list: "tokens at the price that OpenCode's list knows",
};

function apart({ what, by }: Tokens["differences"][number]): string {
  const name = COLUMNS.find(([column]) => column === what)?.[1] ?? what;
  return `${name.toLowerCase()} by ${shownNumber(name, by)}`;
}

function shownNumber(name: string, value: number | undefined): string {
  if (value === undefined) return "–";
  return name === "Cost" ? `$${value.toFixed(4)}` : count(value);
}
