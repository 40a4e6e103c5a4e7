import { useState } from "preact/hooks";

/** Copies a text as it is shown. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [said, say] = useState<string | null>(null);
  const copy = async () => {
    say((await copied(text)) ? "Copied" : "Not allowed here");
    setTimeout(() => say(null), 1_500);
  };
  return (
    <button type="button" class="sign copy" title={`Copy ${what}`} onClick={copy}>
      <span class="vh">Copy {what}</span>
      {said === null ? (
        <CopyMark />
      ) : (
        <span aria-hidden="true">{said === "Copied" ? "✓" : "✕"}</span>
      )}
      <span class="vh" aria-live="polite">
        {said}
      </span>
    </button>
  );
}

/** Two sheets: few fonts have a sign for it. */
function CopyMark() {
  return (
    <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true" class="copy-mark">
      <path d="M5.5 4.5v-3h9v9h-3M1.5 5.5h9v9h-9z" />
    </svg>
  );
}

/** By the clipboard, else by a selection: a page from disk or in a frame may not have the former. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "vh";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
