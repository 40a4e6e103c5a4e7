import { type Gateway, openGateway } from "../gateway/gateway.js";
import type { Upstream } from "../gateway/upstream.js";
import { type ChangesWatch, watchChanges } from "../observe/files-so-far.js";
import type { NetworkWatch } from "../observe/network.js";
import { RunFile, runFile } from "../record/directory.js";
import { describePolicy } from "../record/network-policy.js";
import { atOnce } from "../sandbox/at-once.js";
import { openDoor } from "../sandbox/door.js";
import { self } from "../sandbox/owner.js";
import { openRoom } from "../sandbox/room.js";
import { makeTemporary } from "../sandbox/temporary.js";
import { attachObservers } from "./attach.js";
import { type CallLog, openCallLog } from "./call-log.js";
import { runCanaries } from "./canaries.js";
import { type Layout, layOut, ROOM } from "./layout.js";
import { MAX_TOLD, tellLive } from "./live.js";
import { freeze, observe, outsideWorkspace, type Watched } from "./observations.js";
import { startPackets } from "./packets.js";
import type { CaptureRequest } from "./request.js";
import type { Run } from "./run.js";
import { startSensor } from "./sensing.js";
import { workInRoom } from "./work.js";

/** The room outlives the agent's time limit by this much: grace, export, freeze and snapshot. */
const DEADLINE_MARGIN_MS = 10 * 60_000;

/**
 * Performs a run in the order of the drawing in docs/architecture.md, and leaves what was observed in
 * it. Leaving it, for whatever reason, destroys all that it opened, last opened first; `meanwhile` is
 * called once all is observed, while the engine destroys the room, and only where that was frozen and
 * so moves no more. Throws where the room could not be opened, something could not be destroyed, or
 * what `meanwhile` throws; what happens in an open room is in the run's outcome and problems.
 */
export async function performRun(
  run: Run,
  request: CaptureRequest,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const { engine, limits, signal } = request;
  let network: NetworkWatch | null = null;

  await run.phase("prepare");
  signal.throwIfAborted();
  await using scratch = await makeTemporary();
  const labels = {
    runId: run.id,
    directory: run.directory,
    owner: self(),
    deadline: Date.now() + request.timeoutMs + DEADLINE_MARGIN_MS,
  };
  // Sensor and door need nothing of the room, and get ready while that is prepared.
  await using sensor = startSensor(engine, request.sensing, scratch.path, labels);
  const canaries = runCanaries(request.canaries, ROOM.home);
  await using upstream = await request.model.open(request.issue, run.directory);
  await using calls = openCallLog(runFile(run.directory, RunFile.modelCalls));
  await using gateway = await openGateway({
    folder: scratch.path,
    upstream,
    onCall: (heard, ending) => {
      const call = request.model.withCost(heard);
      calls.add(call);
      request.attempt?.onModelCall(call, ending);
    },
    seeker: canaries.seeker,
    network: request.network,
    onAttempt: (attempt) => network?.attempt(attempt),
    onQuestion: (question) => network?.question(question),
  });
  const openNetwork = request.network.mode === "open";
  await using door = openDoor(engine, {
    ...{ image: request.doorImage, way: request.door, first: !openNetwork, gateway, labels },
  });
  await using layout = await layOut(run, request, scratch.path, canaries);
  signal.throwIfAborted();

  await run.phase("start");
  await using containers = atOnce();
  containers.add(sensor);
  containers.add(door);
  const room = containers.add(
    await openRoom(engine, {
      image: request.image.id,
      user: `${run.user.uid}:${run.user.gid}`,
      limits,
      labels,
      mounts: layout.mounts,
      openNetwork,
      ...(door.network === null ? {} : { door: { network: door.network, folder: scratch.path } }),
      ...(layout.home === null ? { furnish: (lay) => canaries.plant(run, lay) } : {}),
    }),
  );
  door.beside(room.id);
  const packets = containers.add(
    startPackets(engine, request.packets, { roomId: room.id, folder: scratch.path, labels }),
  );
  const opened = { room, door, gateway, sensor, packets, layout };
  const watched = await attachObservers(run, request, opened);
  network = watched.network;

  await workTold(run, request, { watched, layout, gateway });
  run.modelError = calls.failing();
  await run.phase("observe");
  const frozen = await freeze(run, room);
  run.observed = await observe(watched, layout, () => {
    for (const beside of [sensor, packets, door]) containers.letGo(beside);
  });
  containers.letGo(room);
  // A model call that is under way yet is cut off, and told of: what is kept of calls is whole then.
  await gateway[Symbol.asyncDispose]();
  await keepCalls(run, calls, upstream);
  // Who is killed between the seal and the end leaves no copy. What cannot be removed yet is told later.
  await layout[Symbol.asyncDispose]().then(undefined, () => {});
  if (frozen) await meanwhile();
}

/** The agent's work, and what is seen of it told live. */
async function workTold(
  run: Run,
  request: CaptureRequest,
  { watched, layout, gateway }: { watched: Watched; layout: Layout; gateway: Gateway },
): Promise<void> {
  const { room, kernel } = watched;
  await using changes: ChangesWatch =
    "reason" in kernel
      ? watchChanges({
          ...outsideWorkspace(room, layout),
          workspace: request.engine.local
            ? { root: layout.workspace.path, baseline: layout.baseline }
            : null,
          newest: MAX_TOLD,
        })
      : kernel.changes(ROOM.workspace, MAX_TOLD);
  await using _live = tellLive(run.directory, {
    ...{ ...watched, changes, method: "reason" in kernel ? "poll" : "kernel" },
    policy: describePolicy(request.network),
  });
  await workInRoom(run, request, {
    ...{ ...watched, gateway },
    environment: layout.canaries.environment(),
  });
}

/** Waits until all that is kept of the model calls is written. What could not be is a problem. */
async function keepCalls(run: Run, calls: CallLog, upstream: Upstream): Promise<void> {
  const unkept = await upstream.finish?.();
  if (unkept) await run.problem(unkept);
  const lost = await calls.flushed();
  if (lost !== null) await run.problem(`${RunFile.modelCalls}: ${lost}`);
}
