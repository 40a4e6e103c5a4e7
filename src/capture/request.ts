import type { Agent } from "../agents/agent.js";
import type { CallEnding } from "../gateway/carry.js";
import type { ModelCall } from "../record/model-calls.js";
import type { NetworkPolicy } from "../record/network-policy.js";
import type { EarlierAttempt, Phase, RunRecord } from "../record/run.js";
import type { DoorRequest } from "../sandbox/door.js";
import type { Engine } from "../sandbox/engine.js";
import type { Limits } from "../sandbox/room.js";
import type { ReadyIssue } from "./issues.js";
import type { Model } from "./model.js";
import type { PacketReading } from "./packets.js";
import type { Sensing } from "./sensing.js";

/** Everything that one capture needs to know. */
export interface CaptureRequest {
  engine: Engine;
  /** The room's image; `version` is the agent's, where it is known without asking it. */
  image: { ref: string; id: string; version: string | null };
  /** Our own image, which holds the door. */
  doorImage: string;
  /** How the door reaches this process; auto: over a Unix socket wherever that can be. */
  door: DoorRequest["way"];
  agent: Agent;
  /** The agent's program inside the room. */
  bin: string;
  model: Model;
  issue: ReadyIssue;
  /** The folder in which the run directory is made. */
  captures: string;
  /** The folder that the injected plugin is found under. */
  packageRoot: string;
  limits: Limits;
  /** What the room may reach beside its model. */
  network: NetworkPolicy;
  sensing: Sensing;
  packets: PacketReading;
  timeoutMs: number;
  stallMs: number;
  keepWorkspace: boolean;
  includeIgnored: boolean;
  /** A file of this host that holds a key: never copied, wherever it lies. */
  keyFile?: string | null;
  /** Whether the room holds credentials that open nothing, to see whether the agent takes them. */
  canaries: boolean;
  /** Where the model is one of several that are tried in turn. */
  attempt?: Attempt;
  signal: AbortSignal;
  onProgress(progress: Progress): void;
  /**
   * Waited for when the run directory is sealed; its room may be on its way out yet. Called once more
   * where something could not be destroyed, which the record then says.
   */
  onSealed?(sealed: { directory: string; record: RunRecord }): Promise<void>;
}

/** One attempt at an issue among several with different models. */
export interface Attempt {
  /** From 1. */
  n: number;
  earlier: readonly EarlierAttempt[];
  /** Aborted with why, to end the attempt: its model is out of use, and another can take over. */
  modelFailed: AbortSignal;
  /** Waited for before anything is sent to the model. */
  announce(): Promise<void>;
  onModelCall(call: ModelCall, ending: CallEnding): void;
}

/** What a capture tells while it goes on. */
export type Progress =
  | { type: "opened"; directory: string; runId: string }
  | { type: "phase"; phase: Phase };
