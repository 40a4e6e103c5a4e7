import { dirname, posix } from "node:path";
import type Docker from "dockerode";
import { ExitCode, explain, UserError } from "../errors.js";
import { attach } from "./attached.js";
import type { Connection } from "./door-stream.js";
import type { Engine } from "./engine.js";
import { execute } from "./exec.js";
import { type RunLabels, toLabels } from "./labels.js";
import { NAMES_SYSCTLS } from "./room-names.js";

/** Where the model gateway is reached inside every room. */
export const DOOR_PORT = 8000;
/** Where the room's resolver is, on the same address: the port that every program asks. */
export const NAMES_PORT = 53;
const INSIDE = "/door";
const USER = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;

/** How a door reaches the supervisor: over its Unix socket, or over the engine's own stream. */
export type DoorWay = "socket" | "stream";

/** The door, on its way. Disposing it destroys its container; disposing it again waits for the same. */
export interface Door extends AsyncDisposable {
  /** The network that the room is to join; null where the door joins the room's. */
  readonly network: DoorNetwork | null;
  /** Tells it which room it belongs to, once that runs. */
  beside(roomId: string): void;
  /** How it reaches the supervisor, once it listens. Rejects with UserError (exit 3) where it cannot. */
  readonly opened: Promise<DoorWay>;
  /**
   * Reads the room's network tables, for hosts that cannot do it themselves; one that is not there is
   * empty. Only the last may hold lines of the room's own making.
   */
  read(files: readonly string[]): Promise<string[]>;
}

/** The network of a door that is opened before its room: loopback and nothing else. */
export interface DoorNetwork {
  /** The name of the container that has it. */
  readonly container: string;
  /** Resolves when it can be joined; rejects with UserError (exit 3) where the engine refuses the door. */
  readonly started: Promise<void>;
  /** Whether it can be joined still. */
  runs(): Promise<boolean>;
}

export interface DoorRequest {
  /** Our own image, whatever the room's: it holds the door's program. */
  image: string;
  /**
   * `auto`: the socket where the engine is on this machine, and the stream where it is not, or where
   * its containers cannot connect to a socket of this machine, as in a virtual machine.
   */
  way: "auto" | DoorWay;
  /** Whether it may be opened before its room, which is sealed then. */
  first?: boolean;
  /** Where the door's connections go. */
  gateway: {
    /** Its Unix socket on this host. */
    readonly socket: string;
    /** Takes a connection that came another way. */
    accept(connection: Connection): void;
    /** Resolves when it has heard the door's HELLO. */
    readonly doorOpen: Promise<void>;
  };
  labels: RunLabels;
}

/** Of one of the room's network tables. */
const MAX_TABLE_BYTES = 4 * 1024 * 1024;
/** How long the door may take to say that it listens. */
const LISTENS_WITHIN_MS = 30_000;

/**
 * Opens the only way out of a sealed room, and returns at once: a side container in the room's network
 * that carries connections to `127.0.0.1:8000` and questions to its resolver over to the gateway.
 */
export function openDoor(engine: Engine, request: DoorRequest): Door {
  const [way, other] = waysOf(request.way, engine);
  // Podman removes no container whose network another one uses.
  const isFirst = request.first === true && engine.local && engine.name === "docker";
  const closing = new AbortController();
  let beside: (roomId: string) => void = () => {};
  const room = new Promise<string>((told) => {
    beside = told;
  });
  const begin = async (way: DoorWay, roomId: string | null): Promise<Started> => {
    if (closing.signal.aborted) throw notOpen("it was closed");
    return start(engine, request, { way, roomId });
  };
  let started = isFirst ? begin(way, null) : room.then((id) => begin(way, id));
  const listening = async (left: DoorWay | undefined): Promise<DoorWay> => {
    const listens = started.then((one) =>
      within(
        LISTENS_WITHIN_MS,
        Promise.race([request.gateway.doorOpen.then(() => one.way), one.ended.then(() => null)]),
      ),
    );
    const heard = await (left === undefined ? listens : listens.catch(() => null));
    if (heard !== null) return heard;
    if (left === undefined) throw notOpen("its container ended");
    const before = started;
    started = room.then(async (id) => {
      await before.then((one) => one.destroy()).catch(() => {});
      return begin(left, id);
    });
    return listening(undefined);
  };
  const opened = listening(other);
  opened.catch(() => {}); // whoever asks for it is told
  let destroyed: Promise<void> | null = null;
  const destroy = async () => {
    closing.abort();
    beside(""); // whoever waits for a room finds it closed
    await started.then((one) => one.destroy()).catch(() => {});
  };
  return {
    network: isFirst ? networkOf(request.labels, started) : null,
    beside,
    opened,
    read: async (files) => {
      const pieces: Buffer[] = [];
      const reading = await execute(engine.docker, (await started).container, {
        command: ["head", "-v", "-c", String(MAX_TABLE_BYTES), ...files],
        user: USER,
        environment: {},
        directory: "/",
        onOutput: ({ stream, bytes }) => void (stream === "stdout" && pieces.push(bytes)),
      });
      await reading.ended;
      return toTables(Buffer.concat(pieces).toString("latin1"), files);
    },
    [Symbol.asyncDispose]: () => {
      destroyed ??= destroy();
      return destroyed;
    },
  };
}

function networkOf({ runId }: RunLabels, door: Promise<Started>): DoorNetwork {
  const started = door.then(() => {});
  started.catch(() => {}); // the room is told
  return {
    container: nameOf(runId),
    started,
    runs: () =>
      door
        .then(({ container }) => container.inspect())
        .then(
          ({ State }) => State.Running,
          () => false,
        ),
  };
}

function waysOf(way: DoorRequest["way"], { local }: Engine): [DoorWay, DoorWay?] {
  if (way !== "auto") return [way];
  return local ? ["socket", "stream"] : ["stream"];
}

/** Takes apart what `head -v` prints: `==> file <==` before each, and an empty line between two. */
function toTables(text: string, files: readonly string[]): string[] {
  let rest = `\n${text}`;
  const tables: string[] = [];
  for (const file of files.toReversed()) {
    const head = `\n==> ${file} <==\n`;
    const at = rest.indexOf(head);
    tables.unshift(at === -1 ? "" : rest.slice(at + head.length));
    if (at !== -1) rest = rest.slice(0, at);
  }
  return tables;
}

/** The door's container as it runs. */
interface Started {
  way: DoorWay;
  container: Docker.Container;
  /** Resolves when it has ended, or is no more. */
  ended: Promise<void>;
  destroy(): Promise<void>;
}

/** How it is opened: beside a room, or with a network of its own, which the room joins. */
interface Opening {
  way: DoorWay;
  roomId: string | null;
}

async function start(engine: Engine, request: DoorRequest, opening: Opening): Promise<Started> {
  const { way } = opening;
  const container = await engine.docker
    .createContainer(toContainer(request, opening))
    .catch(refused);
  let hangUp = () => {};
  const destroy = async () => {
    hangUp();
    await container.remove({ force: true, v: true }).catch(() => {});
  };
  try {
    if (way === "stream") {
      // HTTP/2 takes its time to load, and few engines need it.
      const { takeConnections } = await import("./door-stream.js");
      hangUp = takeConnections(await attach(container), request.gateway.accept);
    }
    await container.start();
  } catch (error) {
    await destroy();
    refused(error);
  }
  const ended = container.wait().then(
    () => {},
    () => {},
  );
  return { way, container, ended, destroy };
}

function toContainer(
  { image, gateway, labels }: DoorRequest,
  { way, roomId }: Opening,
): Docker.ContainerCreateOptions {
  const overSocket = way === "socket";
  const socket = overSocket ? posix.join(INSIDE, posix.basename(gateway.socket)) : "-";
  return {
    name: nameOf(labels.runId),
    Image: image,
    Entrypoint: ["node", "/usr/local/lib/opencode-capture/door.mjs"],
    Cmd: [socket, String(DOOR_PORT), String(NAMES_PORT)],
    User: USER,
    WorkingDir: "/",
    Labels: toLabels("door", labels),
    NetworkDisabled: roomId === null,
    ...(overSocket ? {} : { OpenStdin: true, StdinOnce: true }),
    HostConfig: {
      ...(roomId === null
        ? { NetworkMode: "none", Sysctls: NAMES_SYSCTLS }
        : { NetworkMode: `container:${roomId}` }),
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      ReadonlyRootfs: true,
      Memory: 256 * 1024 * 1024,
      PidsLimit: 64,
      LogConfig: { Type: "none", Config: {} },
      ...(overSocket
        ? {
            Mounts: [
              { Type: "bind", Source: dirname(gateway.socket), Target: INSIDE, ReadOnly: true },
            ],
          }
        : {}),
    },
  };
}

function nameOf(runId: string): string {
  return `opencode-capture-${runId}-door`;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(notOpen(`it said nothing within ${ms / 1000} s`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function notOpen(why: string): UserError {
  return new UserError(`the door did not open: ${why}`, { exitCode: ExitCode.engine });
}

function refused(error: unknown): never {
  throw new UserError(`the engine could not open the room's door: ${explain(error)}`, {
    exitCode: ExitCode.engine,
    cause: error,
  });
}
