import { type FixtureResponse, LLMock } from "@copilotkit/aimock";
import { askEndpoint } from "./endpoint.js";
import { goWrong } from "./faults.js";
import type { Script } from "./script.js";
import type { Upstream } from "./upstream.js";

/** How the mock is told which turn answers, whatever the API: it matches on this header's word. */
const TURN_HEADER = "x-aimock-context";

/**
 * Starts a scripted model on loopback, speaking OpenAI's chat and responses and Anthropic's
 * messages. Which turn answers follows from the request alone (how many replies it already holds),
 * so a retried request gets the same answer and consumes nothing; only a fault that a turn has a
 * set number of times is counted.
 */
export async function scriptedUpstream(script: Script, title: string): Promise<Upstream> {
  const mock = new LLMock({
    host: "127.0.0.1",
    port: 0,
    logLevel: "silent",
    journalMaxEntries: 1,
    chunkSize: 2048,
  });
  script.turns.forEach((_, at) => {
    mock.on({ context: `turn-${at}` }, turnAnswer(script, at));
  });
  mock.on({ context: "ended" }, { content: "The script has ended." });
  // The agent's own call for a session title offers no tools; it consumes no turn.
  mock.on({ context: "title" }, { content: title });
  await mock.start();
  const base = `${mock.url}/v1`;
  const asked = script.turns.map(() => 0);
  return {
    source: "scripted",
    async ask(request) {
      const { api, turn } = request.facts;
      const scripted = turn === null ? undefined : script.turns[turn];
      const context = turn === null ? "title" : scripted === undefined ? "ended" : `turn-${turn}`;
      const answer = () => askEndpoint(base, request, { headers: { [TURN_HEADER]: context } });
      if (turn === null || scripted?.fault === undefined) return answer();
      const before = asked[turn] ?? 0;
      asked[turn] = before + 1;
      if (before >= (scripted.fault.times ?? Number.POSITIVE_INFINITY)) return answer();
      return goWrong(scripted.fault, api, request, answer);
    },
    [Symbol.asyncDispose]: () => mock.stop(),
  };
}

function turnAnswer(script: Script, at: number): FixtureResponse {
  const { text = "", tool_calls = [], tokens } = script.turns[at] ?? {};
  const usage =
    tokens === undefined
      ? {}
      : { usage: { input_tokens: tokens.input, output_tokens: tokens.output } };
  if (tool_calls.length === 0) return { content: text, ...usage };
  const toolCalls = tool_calls.map((call, index) => ({
    id: `call_${at + 1}_${index + 1}`,
    name: call.tool,
    arguments: JSON.stringify(call.arguments),
  }));
  return { ...(text === "" ? {} : { content: text }), toolCalls, ...usage };
}
