import type { Agent, AgentReading } from "../agents/agent.js";
import { errorCode } from "../errors.js";
import { RunFile, runFile } from "../record/directory.js";
import { eachJsonLine } from "../record/lines.js";
import { NativeEvent } from "../record/native-events.js";
import type { RunRecord } from "../record/run.js";

/** What the agent reported of itself, and how much of it could be read. */
export interface NativeReading {
  reading: AgentReading;
  status: RunRecord["native_events"];
}

/** Reads the events that the plugin wrote. Never throws: what is missing or garbage is the status. */
export async function readNative(directory: string, agent: Agent): Promise<NativeReading> {
  let reading = agent.reading.initial;
  try {
    let lastType = "";
    const seen = await eachJsonLine(runFile(directory, RunFile.events), NativeEvent, (event) => {
      reading = agent.reading.fold(reading, event);
      lastType = event.type;
    });
    const { good_lines, bad_lines, omitted_bytes, omitted_lines } = seen;
    const cut = omitted_bytes > 0 || omitted_lines > 0 || lastType === "capture.truncated";
    const status = bad_lines > 0 ? "partly_invalid" : cut ? "truncated" : "ok";
    return {
      reading,
      status: {
        status: good_lines === 0 && bad_lines === 0 ? "empty" : status,
        count: good_lines + omitted_lines,
        bad_lines,
      },
    };
  } catch (error) {
    const missing = errorCode(error) === "ENOENT";
    return {
      reading,
      status: { status: missing ? "missing" : "partly_invalid", count: 0, bad_lines: 0 },
    };
  }
}
