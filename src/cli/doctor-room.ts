import { accessSync, constants } from "node:fs";
import { opencode } from "../agents/opencode.js";
import { startPackets } from "../capture/packets.js";
import { startSensor } from "../capture/sensing.js";
import { explain } from "../errors.js";
import { openGateway } from "../gateway/gateway.js";
import type { Upstream } from "../gateway/upstream.js";
import { openDoor } from "../sandbox/door.js";
import type { Engine } from "../sandbox/engine.js";
import { imageInputs } from "../sandbox/image-inputs.js";
import type { RunLabels } from "../sandbox/labels.js";
import { self } from "../sandbox/owner.js";
import { openRoom, type Room } from "../sandbox/room.js";
import { sensorImage } from "../sandbox/sensor-image.js";
import { makeTemporary } from "../sandbox/temporary.js";
import type { Settings } from "../settings.js";

/** One thing that was looked at, and what to do about it where it is not well. */
export interface Check {
  name: string;
  /** warn: captures are made, and see or cost more or less than they could. */
  state: "ok" | "warn" | "fail";
  detail: string;
  todo?: string;
}

/** A room that was opened to be looked at. */
interface Examined {
  engine: Engine;
  room: Room;
  labels: RunLabels;
}

const USER = "1000:1000";
/** So long an examined room lives at most. */
const DEADLINE_MS = 60_000;
const MAX_SAID = 1000;

/** Opens a room of an image (its id) and tries in it what a capture does; gone after the last check. */
export async function* roomChecks(
  engine: Engine,
  image: string,
  settings: Settings,
): AsyncGenerator<Check> {
  const labels = {
    runId: `doctor-${process.pid}`,
    directory: "",
    owner: self(),
    deadline: Date.now() + DEADLINE_MS,
  };
  try {
    await using room = await openRoom(engine, {
      image,
      user: USER,
      limits: { memoryBytes: settings.memory, cpus: settings.cpus, pids: settings.pids },
      mounts: [],
      labels,
    });
    const examined = { engine, room, labels };
    yield await checkDoor(examined, settings.door);
    yield checkCgroups(examined);
    yield await checkSensors(examined);
    yield await checkPackets(examined);
    yield checkLayers(room);
    yield await checkAgent(room, settings.opencode_bin);
  } catch (error) {
    yield { name: "room", state: "fail", detail: explain(error), todo: "see the engine's own log" };
  }
}

/** Opens a door to a gateway without a model. */
async function checkDoor(
  { engine, room, labels }: Examined,
  way: Settings["door"],
): Promise<Check> {
  const name = "door";
  const image = (await imageInputs(engine.arch)).tag;
  await using scratch = await makeTemporary();
  await using gateway = await openGateway({
    folder: scratch.path,
    upstream: NO_MODEL,
    onCall: () => {},
    onAttempt: () => {},
  });
  try {
    await using door = openDoor(engine, { image, way, gateway, labels });
    door.beside(room.id);
    if ((await door.opened) === "socket")
      return { name, state: "ok", detail: "to the model gateway's Unix socket" };
    const detail = "over the connection to the engine, which is slower than a Unix socket";
    return { name, state: way === "stream" ? "ok" : "warn", detail };
  } catch (error) {
    const todo =
      way === "socket" ? "try --door stream" : "opencode-capture setup builds what it needs";
    return { name, state: "fail", detail: explain(error), todo };
  }
}

const NO_MODEL: Upstream = {
  source: "scripted",
  ask: () => Promise.reject(new Error("there is no model here")),
  [Symbol.asyncDispose]: async () => {},
};

function checkCgroups({ engine, room }: Examined): Check {
  const detail = `version ${engine.cgroupVersion}`;
  if (room.cgroup !== null) return { name: "cgroups", state: "ok", detail: `${detail}, readable` };
  return {
    name: "cgroups",
    state: "warn",
    detail: `${detail}, not readable from this host: resources come from the engine, every 2 s`,
    todo: "run on the engine's own machine to see more",
  };
}

/** Lets the kernel sensor watch the room for a moment, and a command in it: what a capture would do. */
async function checkSensors({ engine, room, labels }: Examined): Promise<Check> {
  const name = "sensors";
  const polling =
    room.hostPid === null
      ? "polling through the engine every 500 ms, as host pids are hidden"
      : "polling the host's /proc every 20 ms";
  const image = await sensorImage(engine);
  if (image === null) {
    const detail = `${polling}: the kernel sensor's image is not there`;
    return { name, state: "warn", detail, todo: "opencode-capture setup" };
  }
  await using scratch = await makeTemporary();
  const started = performance.now();
  const sensing = { method: "kernel" as const, image, required: false };
  await using sensor = startSensor(engine, sensing, scratch.path, labels);
  const watch = await sensor.watch(room);
  if ("reason" in watch) {
    return {
      name,
      state: "warn",
      detail: `${polling}, as the kernel sensor cannot run: ${watch.reason}`,
      todo: "it needs Linux 5.17 with BTF (/sys/kernel/btf/vmlinux) and an engine that grants SYS_ADMIN (not rootless)",
    };
  }
  const took = since(started);
  const command = { command: ["true"], user: USER, environment: {}, directory: "/" };
  await (await room.exec(command)).ended;
  const { sent, received } = (await watch.processes.stop()).coverage;
  const [emitted, arrived] = [sum(sent), sum(received)];
  return {
    name,
    state: arrived === emitted && arrived > 0 ? "ok" : "warn",
    detail: `the kernel sensor, ready in ${took}: every process, connection and file event; of a command's ${emitted} events ${arrived} arrived`,
  };
}

function sum(counts: Record<string, number> = {}): number {
  return Object.values(counts).reduce((all, each) => all + each, 0);
}

/** Reads the room's packets for a moment, as a capture with a network or with --pcap would. */
async function checkPackets({ engine, room, labels }: Examined): Promise<Check> {
  const name = "packets";
  const image = await sensorImage(engine);
  await using scratch = await makeTemporary();
  const reading =
    image === null ? { reason: "the sensor's image is not there" } : { image, keepBytes: 0 };
  const request = { roomId: room.id, folder: scratch.path, labels };
  await using packets = startPackets(engine, reading, request);
  const watch = await packets.watch();
  const { error } = "reason" in watch ? { error: watch.reason } : await watch.end();
  if (error === null) return { name, state: "ok", detail: "names in them can be read" };
  return { name, state: "warn", detail: `they are not read: ${error}` };
}

function checkLayers({ layers }: Room): Check {
  const name = "file system";
  try {
    if (layers === null) throw new Error("no overlay layers");
    accessSync(layers.upper, constants.R_OK);
    return { name, state: "ok", detail: "changes outside the workspace are read from the layer" };
  } catch {
    return {
      name,
      state: "warn",
      detail: "changes outside the workspace come from the engine: paths only, no contents",
      todo: "run as root on the engine's own machine to see contents",
    };
  }
}

async function checkAgent(room: Room, bin: string): Promise<Check> {
  const name = "agent";
  const started = performance.now();
  let said = "";
  const version = await room.exec({
    command: opencode.versionCommand(bin),
    user: USER,
    environment: { HOME: "/tmp" },
    directory: "/",
    onOutput: (frame) => {
      said = (said + frame.bytes.toString("utf8")).slice(0, MAX_SAID);
    },
  });
  const code = await version.ended;
  if (code === 0)
    return { name, state: "ok", detail: `${bin} ${said.trim()}, in ${since(started)}` };
  return {
    name,
    state: "fail",
    detail: `${bin} --version gave exit code ${code}: ${said.trim()}`,
    todo: "name the program with --opencode-bin, or another image with --image-ref",
  };
}

function since(started: number): string {
  return `${Math.round(performance.now() - started)} ms`;
}
