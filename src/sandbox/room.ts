import type Docker from "dockerode";
import { ExitCode, explain, UserError } from "../errors.js";
import type { DoorNetwork } from "./door.js";
import type { Engine } from "./engine.js";
import { type ExecRequest, type Execution, execute } from "./exec.js";
import { fetch } from "./fetch.js";
import { type Cgroup, cgroupOf, killAll, signalUser } from "./host-view.js";
import { type RunLabels, toLabels } from "./labels.js";
import { type LayRequest, layInto } from "./lay.js";
import type { Mount } from "./mount.js";
import { layNames, NAMES_SYSCTLS, RESOLVER } from "./room-names.js";
import { hasOwnProfile, seccompOptions } from "./seccomp.js";
import { send } from "./send.js";

/** What the agent may use at most. */
export interface Limits {
  memoryBytes: number;
  cpus: number;
  pids: number;
}

export interface RoomRequest {
  image: string;
  /** Who the agent is in the room, as `uid:gid`. */
  user: string;
  limits: Limits;
  mounts: Mount[];
  labels: RunLabels;
  /** The engine's own network instead of none. The room is sealed unless this is asked for. */
  openNetwork?: boolean;
  /**
   * The network of a door that is opened before the room, for the room to join, and a folder of this run
   * alone on the engine's machine. A room whose door never opens has one of its own.
   */
  door?: { network: DoorNetwork; folder: string };
  /** Lays files into it before anything of it runs. */
  furnish?(lay: (request: LayRequest) => Promise<void>): Promise<void>;
}

/** Where the room's writable layer lies on this host, with the image's layers below, nearest first. */
export interface Layers {
  upper: string;
  lowers: string[];
}

/** An open container in which the agent is executed. Disposing it destroys it. */
export interface Room extends AsyncDisposable {
  readonly id: string;
  /** The room's own waiting process as the engine's machine sees it. */
  readonly enginePid: number;
  /** The same as this host sees it, or null where host pids are hidden. */
  readonly hostPid: number | null;
  /** The room's cgroup folders on this host, or null where they cannot be read. */
  readonly cgroup: Cgroup | null;
  readonly layers: Layers | null;
  /** True where sockets that no network namespace bounds (vsock) cannot be opened, for certain. */
  readonly socketsBounded: boolean;
  exec(request: ExecRequest): Promise<Execution>;
  /**
   * Makes the source of a mount hold what the room holds at its target, so that this host sees it.
   * Gives what could not be brought, a sentence each; null where they are the same files anyway.
   * Throws where nothing, or a part alone, could be.
   */
  fetch(target: string): Promise<string[] | null>;
  /** Signals every process of the agent's user; never the room's own. Gone processes are no error. */
  signalAgent(signal: "TERM" | "KILL"): Promise<void>;
  /** Stops every process in place, so that nothing moves while the room is measured. */
  freeze(): Promise<void>;
  state(): Promise<RoomState>;
  /** What the engine says has changed in the root file system (kinds 0 changed, 1 added, 2 deleted). */
  changes(): Promise<{ Path: string; Kind: number }[]>;
  /** The engine's own process list, for hosts whose pids are hidden. */
  top(columns: string): Promise<string[][]>;
  /** One sample of the engine's own counters. */
  stats(): Promise<Docker.ContainerStats>;
}

export type RoomState = { gone: true } | { gone: false; running: boolean; oomKilled: boolean };

/** The room's own process runs as nobody, so that the agent's user cannot signal it. */
const KEEPER_USER = "65534:65534";

/**
 * Opens a room with no network but loopback, unless it asks for more. Its own process only waits, and
 * ends by itself at the deadline, with no supervisor alive. Throws UserError (exit 3) where the engine
 * refuses.
 */
export async function openRoom(engine: Engine, request: RoomRequest): Promise<Room> {
  const { door, ...alone } = request;
  if (door === undefined) return open(engine, alone, null);
  const mounts = [...request.mounts, ...(await layNames(door.folder))];
  try {
    return await open(engine, { ...alone, mounts }, door.network);
  } catch (error) {
    if (await door.network.runs()) throw error;
    return open(engine, alone, null);
  }
}

async function open(
  engine: Engine,
  request: Omit<RoomRequest, "door">,
  joined: DoorNetwork | null,
): Promise<Room> {
  const container = await engine.docker
    .createContainer(toContainer(engine, request, joined))
    .catch(refused);
  try {
    const furnished = request.furnish?.((files) => layInto(container, files));
    // Both have ended before a room that cannot join is removed: nothing is laid into what is gone.
    for (const ended of await Promise.allSettled([furnished, joined?.started]))
      if (ended.status === "rejected") throw ended.reason;
    await container.start();
    const unsent = engine.local ? [] : await send(container, request.mounts);
    return await describe(engine, container, request, unsent);
  } catch (error) {
    await container.remove({ force: true, v: true }).catch(() => {});
    throw refused(error);
  }
}

function toContainer(
  engine: Engine,
  { image, limits, mounts, labels, openNetwork = false }: RoomRequest,
  joined: DoorNetwork | null,
): Docker.ContainerCreateOptions {
  const seconds = Math.max(1, Math.ceil((labels.deadline - Date.now()) / 1000));
  return {
    name: `opencode-capture-${labels.runId}-room`,
    Image: image,
    Entrypoint: ["sleep"],
    Cmd: [String(seconds)],
    User: KEEPER_USER,
    WorkingDir: "/",
    Labels: toLabels("room", labels),
    HostConfig: {
      Init: true,
      ...(joined === null
        ? {
            NetworkMode: openNetwork ? "default" : "none",
            Dns: [RESOLVER],
            DnsSearch: ["."], // else the engine passes on the host's own search domains
            Sysctls: NAMES_SYSCTLS,
          }
        : { NetworkMode: `container:${joined.container}` }),
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges", ...seccompOptions(engine)],
      Memory: limits.memoryBytes,
      MemorySwap: limits.memoryBytes,
      NanoCpus: Math.round(limits.cpus * 1e9),
      PidsLimit: limits.pids,
      LogConfig: { Type: "none", Config: {} },
      Mounts: engine.local
        ? mounts.map(({ source, target, readOnly }) => ({
            ...{ Type: "bind", Source: source, Target: target, ReadOnly: readOnly },
          }))
        : mounts.filter(({ readOnly }) => !readOnly).map(({ target }) => toVolume(target, labels)),
    },
  };
}

/** A volume without a name, which goes with its container; nothing of the image's is in it. */
function toVolume(target: string, labels: RunLabels): Docker.MountSettings {
  return {
    ...{ Type: "volume", Source: "", Target: target },
    VolumeOptions: {
      ...{ NoCopy: true, Labels: toLabels("room", labels) },
      DriverConfig: { Name: "", Options: {} }, // the engine's own
    },
  };
}

async function describe(
  engine: Engine,
  container: Docker.Container,
  request: RoomRequest,
  unsent: string[],
): Promise<Room> {
  const details = await container.inspect();
  const cgroup = engine.local ? cgroupOf(details.State.Pid, container.id) : null;
  const hostPid = cgroup === null ? null : details.State.Pid;
  return {
    id: container.id,
    enginePid: details.State.Pid,
    hostPid,
    cgroup,
    layers: engine.local ? layersOf(details) : null,
    socketsBounded: hasOwnProfile(engine),
    exec: (exec) => execute(engine.docker, container, exec),
    fetch: async (target) => {
      const mount = request.mounts.find((one) => one.target === target);
      if (engine.local || mount === undefined) return null;
      const over = request.mounts.filter(({ readOnly }) => readOnly);
      return [...unsent, ...(await fetch(container, { mount, over, owner: ownerOf(request) }))];
    },
    signalAgent: (signal) => signalAgent(engine, container, cgroup, request.user, signal),
    freeze: () => container.pause().then(() => {}),
    state: () => stateOf(container),
    changes: async () => {
      const changes: unknown = await container.changes();
      return Array.isArray(changes) ? changes : []; // null, as a buffer, where nothing changed
    },
    top: async (columns) => (await container.top({ ps_args: `-eo ${columns}` })).Processes,
    stats: () => container.stats({ stream: false, "one-shot": true }),
    [Symbol.asyncDispose]: () => destroy(container, cgroup, request.user),
  };
}

/** Only root can give files away. */
function ownerOf({ user }: RoomRequest): { uid: number; gid: number } | undefined {
  const [uid = 0, gid = uid] = user.split(":").map(Number);
  return process.getuid?.() === 0 ? { uid, gid } : undefined;
}

async function signalAgent(
  engine: Engine,
  container: Docker.Container,
  cgroup: Cgroup | null,
  user: string,
  signal: "TERM" | "KILL",
): Promise<void> {
  if (cgroup !== null && signalUser(cgroup, uidOf(user), `SIG${signal}`)) return;
  // kill -1 reaches all that this user may signal; the keeper and init belong to another user.
  const kill = await execute(engine.docker, container, {
    command: ["sh", "-c", `kill -s ${signal} -1`],
    user,
    environment: {},
    directory: "/",
  });
  await kill.ended;
}

function uidOf(user: string): number {
  return Number(user.split(":")[0]);
}

async function stateOf(container: Docker.Container): Promise<RoomState> {
  try {
    const { State } = await container.inspect();
    return { gone: false, running: State.Running, oomKilled: State.OOMKilled };
  } catch {
    return { gone: true };
  }
}

/**
 * Where the engine cannot do it any more, nothing of the room is left running all the same. With cgroups
 * of version 1 the engine kills a frozen room's first process, and thaws it: the others would run until
 * that one's end reaches them, and find a signal of their own waiting instead.
 */
async function destroy(
  container: Docker.Container,
  cgroup: Cgroup | null,
  user: string,
): Promise<void> {
  if (cgroup !== null) signalUser(cgroup, uidOf(user), "SIGKILL");
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    const status = (error as { statusCode?: number }).statusCode;
    if (status === 404 || status === 409) return; // gone, or being removed already
    if (cgroup !== null) killAll(cgroup);
    throw error;
  }
}

function layersOf(details: Docker.ContainerInspectInfo): Layers | null {
  const { Name, Data } = (details as { GraphDriver?: Docker.ContainerInspectInfo["GraphDriver"] })
    .GraphDriver ?? { Name: "", Data: null };
  const data = Data as { UpperDir?: string; LowerDir?: string } | null;
  if (!Name.startsWith("overlay") || !data?.UpperDir) return null;
  return { upper: data.UpperDir, lowers: data.LowerDir?.split(":") ?? [] };
}

function refused(error: unknown): never {
  throw new UserError(`the engine could not open a room: ${explain(error)}`, {
    exitCode: ExitCode.engine,
    hint: "opencode-capture doctor says what the engine lacks",
    cause: error,
  });
}
