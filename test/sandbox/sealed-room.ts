import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seekerOf } from "../../src/canaries/seek.js";
import type { Surroundings } from "../../src/gateway/egress-reach.js";
import { type Gateway, openGateway } from "../../src/gateway/gateway.js";
import { Script } from "../../src/gateway/script.js";
import { scriptedUpstream } from "../../src/gateway/scripted.js";
import { type Access, watchNetwork } from "../../src/observe/network.js";
import { watchProcesses } from "../../src/observe/processes.js";
import { pollSockets } from "../../src/observe/socket-poll.js";
import { NetworkObservation } from "../../src/record/network.js";
import type { NetworkPolicy } from "../../src/record/network-policy.js";
import type { ObservedProcess } from "../../src/record/processes.js";
import { type Door, type DoorRequest, openDoor } from "../../src/sandbox/door.js";
import { self } from "../../src/sandbox/owner.js";
import { openRoom, type Room } from "../../src/sandbox/room.js";
import { place } from "../capture/room.js";

/** A room with its door, gateway and watches, and no agent in it. */
export interface SealedRoom extends AsyncDisposable {
  room: Room;
  door: Door;
  gateway: Gateway;
  /** Runs a command as the agent would, with the agent's proxy variables; its exit code and output. */
  run(command: string[], environment?: Record<string, string>): Promise<Ran>;
  /** Ends the watches. */
  observed(): Promise<{ network: NetworkObservation; processes: ObservedProcess[] }>;
}

export interface Ran {
  code: number | null;
  text: string;
}

export async function openSealedRoom(
  policy: NetworkPolicy,
  options: {
    surroundings?: Surroundings;
    door?: DoorRequest["way"];
    /** Nobody listens at the socket that the door is told of. */
    deaf?: true;
  } = {},
): Promise<SealedRoom> {
  const { surroundings, door: way = "auto", deaf } = options;
  const folder = mkdtempSync(join(tmpdir(), "sealed-room-"));
  const { engine, image } = await place();
  const labels = {
    runId: `test-door-${process.pid}-${Date.now()}`,
    directory: "",
    owner: self(),
    deadline: Date.now() + 120_000,
  };
  const script = Script.parse({ turns: [{ text: "Nothing." }] });
  const upstream = await scriptedUpstream(script, "A title");
  let watch: ReturnType<typeof watchNetwork> | undefined;
  const gateway = await openGateway({
    folder,
    upstream,
    network: policy,
    ...(surroundings === undefined ? {} : { surroundings }),
    onCall: () => {},
    onAttempt: (attempt) => watch?.attempt(attempt),
    onQuestion: (question) => watch?.question(question),
  });
  const socket = deaf ? join(folder, "deaf") : gateway.socket;
  if (deaf) writeFileSync(socket, "");
  const openNetwork = policy.mode === "open";
  const door = openDoor(engine, {
    ...{ image: image.id, way, first: !openNetwork, gateway: { ...gateway, socket }, labels },
  });
  const room = await openRoom(engine, {
    ...{ image: image.id, user: "1000:1000", mounts: [], labels, openNetwork },
    limits: { memoryBytes: 512 * 1024 ** 2, cpus: 2, pids: 256 },
    ...(door.network === null ? {} : { door: { network: door.network, folder } }),
  });
  door.beside(room.id);
  const processes = watchProcesses(room);
  const { socketsBounded } = room;
  const access: Access = { policy, door: gateway.door, way: null, socketsBounded };
  const polled = { room, door, gatewaySocket: gateway.socket, policy };
  const sockets = pollSockets(polled, processes);
  const unread = { reason: "none of this test's business" };
  watch = watchNetwork(sockets, access, unread, seekerOf([]));
  access.way = await door.opened;
  return {
    ...{ room, door, gateway },
    async run(command, environment = {}) {
      let text = "";
      const running = await room.exec({
        ...{ command, environment, user: "1000:1000", directory: "/" },
        onOutput: ({ bytes }) => {
          text += bytes.toString("utf8");
        },
      });
      return { code: await running.ended, text };
    },
    async observed() {
      const network = NetworkObservation.parse(await watch?.stop());
      return { network, processes: (await processes.stop()).processes };
    },
    async [Symbol.asyncDispose]() {
      await door[Symbol.asyncDispose]();
      await room[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
