// Rows as text for a person.

/** The rows as a table in Markdown, which reads well in a terminal, too. */
export function table(rows) {
  const head = ["part", "what", "ours", "baseline", "ratio", "range", "rounds"];
  const cells = rows.map((row) => [
    row.part,
    row.what,
    shown(row.ours, row.unit),
    row.baseline === undefined ? "" : shown(row.baseline, row.unit),
    row.ratio === undefined ? "" : row.ratio.toFixed(2),
    row.ratio_range === undefined ? "" : row.ratio_range.map((each) => each.toFixed(2)).join("–"),
    String(row.rounds),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => line[column].length)),
  );
  const line = (texts) => `| ${texts.map((text, at) => text.padEnd(widths[at])).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(head), rule, ...cells.map(line)].join("\n");
}

function shown(value, unit) {
  if (unit === "count") return String(Math.round(value));
  if (unit === "bytes") return `${(value / 1e6).toFixed(1)} MB`;
  if (unit === "%") return `${value.toFixed(0)} %`;
  if (unit === "us") return `${value.toFixed(0)} µs`;
  return value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(2)} s`;
}
