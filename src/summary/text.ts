/** Text within a bound, and how many characters were left out. */
export interface CutText {
  text: string;
  omitted: number;
}

/** Keeps the first `limit` UTF-16 units, never half of a surrogate pair. */
export function cut(text: string, limit: number): CutText {
  if (text.length <= limit) return { text, omitted: 0 };
  const last = text.charCodeAt(limit - 1);
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit;
  return { text: text.slice(0, end), omitted: text.length - end };
}

/** One line of at most `limit` characters: white space is folded, a cut ends in an ellipsis. */
export function oneLine(text: string, limit: number): string {
  const flat = text
    .slice(0, limit * 4)
    .replace(/\s+/g, " ")
    .trim();
  const { text: kept, omitted } = cut(flat, limit);
  return omitted > 0 || text.length > limit * 4 ? `${kept}…` : kept;
}

/** A whole number as people read it, `12,345`; the system's own way takes as long to load as a page. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

export type Fields = Readonly<Record<string, unknown>>;

/** The members of a value of unknown shape; none where it is no object. */
export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

/** A non-empty string, else null. */
export function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** A finite number that is not negative, else 0: forged counts must not spoil a sum. */
export function countOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : 0;
}

/** The sum of numbers that may be forged: at most the largest that JSON can hold, never infinite. */
export function sumOf(values: readonly number[]): number {
  return Math.min(
    Number.MAX_VALUE,
    values.reduce((sum, value) => sum + value, 0),
  );
}

/** Milliseconds since 1970 as ISO 8601, null where it is no time that a Date can hold. */
export function timeOf(value: unknown): string | null {
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  const date = new Date(value);
  const year = date.getUTCFullYear();
  return year >= 1970 && year <= 9999 ? date.toISOString() : null;
}
