import type { CanaryTrace } from "../record/canaries.js";

type As = CanaryTrace["as"];

/** One way in which a value may be written: only what depends on nothing that stands around it. */
export interface Spelling {
  as: As;
  text: string;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The ways in which a value is looked for; those of a changed case too, as names have none. */
export function spellings(value: string): Spelling[] {
  const bytes = Buffer.from(value);
  const hex = bytes.toString("hex");
  const base64 = alignments(3, 6, bytes, (text) => text.toString("base64"));
  const base32 = alignments(5, 5, bytes, toBase32);
  const all: [As, string[]][] = [
    ["plain", [value, value.toLowerCase(), value.toUpperCase()]],
    ["reversed", [[...value].reverse().join("")]],
    ["url", [encodeURIComponent(bytes.toString())]],
    ["hex", [hex, hex.toUpperCase()]],
    ["base64", [...base64, ...base64.map((text) => text.replace(/\+/g, "-").replace(/\//g, "_"))]],
    ["base32", [...base32, ...base32.map((text) => text.toLowerCase())]],
  ];
  return all.flatMap(([as, texts]) => [...new Set(texts)].map((text) => ({ as, text })));
}

/**
 * What an encoding makes of a value wherever it starts within a group of `group` bytes, without the
 * characters that its neighbours share; each holds `bits` bits.
 */
function alignments(
  group: number,
  bits: number,
  value: Buffer,
  encode: (bytes: Buffer) => string,
): string[] {
  return Array.from({ length: group }, (_, shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), value]);
    const from = Math.ceil((shift * 8) / bits);
    return encode(bytes).slice(from, Math.floor((bytes.length * 8) / bits));
  });
}

/** RFC 4648, section 6, without padding. */
function toBase32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => BASE32[Number.parseInt(group.padEnd(5, "0"), 2)]).join("");
}
