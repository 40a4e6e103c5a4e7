import type { Captures } from "./captures.js";
import { byId, count } from "./dom.js";

/** The line at the top that says what the server is doing. */
export interface StateLine {
  /** Says a thing until the next `show`. */
  say(text: string): void;
  show(captures: Captures, running: number): void;
}

export function stateLine(): StateLine {
  const line = byId("state");
  const say = (text: string) => {
    line.textContent = text;
  };
  return {
    say,
    show(captures, running) {
      const { done, total, problem } = captures.progress();
      if (!captures.online()) say("The server does not answer; trying again…");
      else if (done < total) say(`Reading: ${count(done)} of ${count(total)}…`);
      else if (problem !== null) say(`Looking every second, as the watch ended: ${problem}`);
      else say(running > 0 ? `${count(running)} running` : "");
      line.title = problem ?? "";
    },
  };
}
