import type { MessageText } from "../../data.js";
import { count, plural } from "../../format.js";
import { Markdown } from "../markdown.js";

/** What the system or the user said; a long text is folded. */
export function Message({ message: { role, text, textOmitted } }: { message: MessageText }) {
  const long = text.length > 1_200;
  return (
    <li class={`message ${role}`}>
      <details open={!long}>
        <summary class="item-head">
          <strong class="cap">
            {role === "user" ? "User" : role === "system" ? "System" : role}
          </strong>
          <small class="cap">
            {plural(text.length, "character")}
            {long && `: ${text.slice(0, 100).replace(/\s+/g, " ")}…`}
          </small>
        </summary>
        <Markdown text={text} />
        {textOmitted > 0 && (
          <p class="cut">
            {count(textOmitted)} more characters are in <code>events/opencode_events.jsonl</code>
          </p>
        )}
      </details>
    </li>
  );
}
