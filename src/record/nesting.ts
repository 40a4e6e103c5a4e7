/**
 * How deep JSON may nest that was written by what is captured. Reading it knows no bound, yet writing
 * it again, as JSON.stringify does, needs stack for each level and fails at some thousands.
 */
const NESTING_LIMIT = 500;

/** A value as JSON, as JSON.stringify has it; of one that nests too deep for that, the upper levels. */
export function toJson(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, null, indent);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return JSON.stringify(upperLevels(value, NESTING_LIMIT), null, indent);
  }
}

function upperLevels(value: unknown, levels: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (levels === 0) return "(nests too deep)";
  if (Array.isArray(value)) return value.map((one) => upperLevels(one, levels - 1));
  const members = Object.entries(value);
  return Object.fromEntries(members.map(([name, one]) => [name, upperLevels(one, levels - 1)]));
}

/**
 * Whether JSON text nests deeper than `limit`; brackets in its strings are not counted. It costs
 * nothing for text that is too short for it.
 */
export function nestsDeeper(text: string, limit = NESTING_LIMIT): boolean {
  // Each level is opened and closed.
  if (text.length <= 2 * limit) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      depth += 1;
      if (depth > limit) return true;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth -= 1;
  }
  return false;
}

const [QUOTE, BACKSLASH] = [34, 92];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];

/** Where the JSON string that begins at `start` has its other quote; the text's end where it has none. */
export function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 0) return end;
  }
  return text.length;
}
