/** The lines that a unified diff adds, without its marks. */
export function addedLines(patch: string | undefined): string[] {
  return linesWith(patch, "+");
}

/** The lines that a unified diff removes, without its marks. */
export function removedLines(patch: string | undefined): string[] {
  return linesWith(patch, "-");
}

function linesWith(patch = "", mark: "+" | "-"): string[] {
  const lines: string[] = [];
  const first = hunksOf(patch);
  if (first === -1) return lines;
  for (let at = patch.indexOf(`\n${mark}`, first); at !== -1; ) {
    const next = patch.indexOf("\n", at + 1);
    lines.push(patch.slice(at + 2, next === -1 ? patch.length : next));
    at = next === -1 ? -1 : patch.indexOf(`\n${mark}`, next);
  }
  return lines;
}

/** How many lines a unified diff adds and removes. */
export function countLines(patch = ""): { added: number; removed: number } {
  let [added, removed] = [0, 0];
  for (let at = hunksOf(patch); at !== -1; at = patch.indexOf("\n", at + 1)) {
    const mark = patch[at + 1];
    if (mark === "+") added += 1;
    else if (mark === "-") removed += 1;
  }
  return { added, removed };
}

/** Where the first hunk begins; what stands before it names the files. -1 where there is none. */
function hunksOf(patch: string): number {
  return patch.startsWith("@@") ? 0 : patch.indexOf("\n@@");
}
