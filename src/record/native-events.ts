import * as z from "zod";

/**
 * One line of `events/opencode_events.jsonl`, written inside the room by the injected plugin. It is
 * the agent's word, not the supervisor's: every field may be forged or missing.
 */
export const NativeEvent = z.looseObject({
  seq: z.int().nonnegative().describe("counted by the plugin, from 1"),
  time: z.string().describe("by the room's clock"),
  run_id: z.string().nullable().describe("as the plugin was told"),
  issue_id: z.string().nullable().optional().describe("as the plugin was told"),
  hook: z
    .string()
    .describe("event, or the hook that was called: tool.execute.before, shell.env, …"),
  type: z.string().describe("the event's type; the hook's name where the hook is no event"),
  session_id: z.string().nullable().optional().describe("of what the event is about"),
  call_id: z.string().nullable().optional().describe("the tool call that the event is about"),
  data: z.unknown().describe("what the agent handed to the hook, bounded"),
  truncated: z.boolean().optional().describe("whether data was cut at the bound"),
});
export type NativeEvent = z.infer<typeof NativeEvent>;

const NAME_LIMIT = 200;

/** The start of a text that is too long for a name, without the rest of it in memory. */
export function shortName(text: string): string {
  return text.length <= NAME_LIMIT ? text : Buffer.from(text.slice(0, NAME_LIMIT)).toString();
}
