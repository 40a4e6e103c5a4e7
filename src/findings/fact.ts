import type { Canary } from "../record/canaries.js";
import type { FsDiff } from "../record/files.js";
import type { Evidence } from "../record/finding.js";
import type { Issue } from "../record/issue.js";
import type { ModelCall } from "../record/model-calls.js";
import type { NativeEvent } from "../record/native-events.js";
import type { NetworkObservation } from "../record/network.js";
import type { ProcessTree } from "../record/processes.js";
import type { RunRecord } from "../record/run.js";
import type { Altered } from "./altered.js";

/** What the rules look at: the parts of a run directory, each null where it could not be had. */
export interface Observed {
  run: RunRecord | null;
  issue: Issue | null;
  processes: ProcessTree | null;
  files: FsDiff | null;
  network: NetworkObservation | null;
  modelCalls: readonly ModelCall[] | null;
  events: readonly NativeEvent[] | null;
  /** What was told of all of the agent's events; where it is left out, `events` are all. */
  told?: { altered: Altered };
  /** Null where none were planted. */
  canaries: readonly Canary[] | null;
}

const COMMON = ["User", "CallId", "Source"];
const PROCESS = ["Image", "CommandLine", "ProcessId"];
const FILE = [...PROCESS, "TargetFilename", "Change", "Kind", "Area", "Added", ...COMMON];

/**
 * The fields of each kind of fact. Names are those of Sigma's taxonomy for Linux; ours are CallId,
 * Source, Verdict, Purpose, Change, Kind, Area, Added, Tool and How (docs/findings.md says what each is).
 */
export const FIELDS = {
  process_creation: [
    ...PROCESS,
    ...["CurrentDirectory", "ParentImage", "ParentCommandLine", "ParentProcessId"],
    ...COMMON,
  ],
  network_connection: [
    ...PROCESS,
    ...["Protocol", "Initiated", "SourceIp", "SourcePort", "DestinationHostname", "DestinationIp"],
    ...["DestinationPort", "Verdict", "Purpose"],
    ...COMMON,
  ],
  dns_query: [...PROCESS, "QueryName", "QueryResults", "RecordType", ...COMMON],
  file_event: FILE,
  file_delete: FILE,
  file_access: [...PROCESS, "TargetFilename", "Tool", "How", ...COMMON],
} as const satisfies Record<string, readonly string[]>;

export type Category = keyof typeof FIELDS;

/** One thing that was seen or asked for, in the words that a Sigma rule uses. */
export interface Fact {
  category: Category;
  /** A field that is not there has no value here; null has the same meaning. */
  fields: Record<string, string | null>;
  /** Fields in lower case, each made once however many rules ask. */
  lower?: Record<string, string>;
  call_id: string | null;
  /** Made where a rule asks: most facts are no evidence of anything. */
  evidence(): Evidence;
}
