// The baseline of fixed-cost.mjs: an issue's agent in a room with a door and the scripted model, and
// nothing else: no plugin, no observers, no export, no freeze, no record, no report.
//   node bench/bare-run.mjs ISSUE      prints { "agent_ms": … }
import { join } from "node:path";
import { execa } from "execa";
import { built, PROJECT } from "./built.mjs";
import { endsOnSignal } from "./measure.mjs";

const signal = endsOnSignal();
const [wanted] = process.argv.slice(2);
const { connectEngine } = await built("sandbox/engine.js");
const { ensureImage } = await built("sandbox/image.js");
const { openRoom } = await built("sandbox/room.js");
const { openDoor } = await built("sandbox/door.js");
const { self } = await built("sandbox/owner.js");
const { makeTemporary } = await built("sandbox/temporary.js");
const { openGateway } = await built("gateway/gateway.js");
const { readScript } = await built("gateway/script.js");
const { scriptedUpstream } = await built("gateway/scripted.js");
const { readIssues } = await built("capture/issues.js");
const { opencode } = await built("agents/opencode.js");

/** As a capture does: root gives the copy to the agent's user, anybody else stays who they are. */
const isRoot = process.getuid() === 0;
const user = isRoot ? "1000:1000" : `${process.getuid()}:${process.getgid()}`;
const opened = [];
const keep = (thing) => {
  opened.push(thing);
  return thing;
};

try {
  const issues = await readIssues(join(PROJECT, "tasks/issues.json"));
  const { issue, workspace, script } = issues.find(({ issue }) => issue.id === wanted);
  const engine = await connectEngine(signal);
  const image = await ensureImage(engine, console.error, signal);
  const scratch = keep(await makeTemporary());
  const copy = join(scratch.path, "workspace");
  await execa("cp", ["-a", workspace, copy]);
  if (isRoot) await execa("chown", ["-R", user, copy]);
  const upstream = keep(await scriptedUpstream(await readScript(script), issue.title));
  const gateway = keep(
    await openGateway({
      folder: scratch.path,
      upstream,
      onCall: () => {},
      onAttempt: () => {},
    }),
  );
  const labels = {
    runId: `bench-${process.pid}-${Date.now()}`,
    directory: "",
    owner: self(),
    deadline: Date.now() + 10 * 60_000,
  };
  const door = keep(
    openDoor(engine, { image: image.ref, way: "auto", first: true, gateway, labels }),
  );
  const room = keep(
    await openRoom(engine, {
      image: image.id,
      user,
      limits: { memoryBytes: 4 * 1024 ** 3, cpus: 2, pids: 512 },
      mounts: [{ source: copy, target: "/workspace", readOnly: false }],
      labels,
      ...(door.network === null ? {} : { door: { network: door.network, folder: scratch.path } }),
    }),
  );
  door.beside(room.id);
  await door.opened;
  signal.throwIfAborted();
  const task = {
    runId: labels.runId,
    issueId: issue.id,
    prompt: issue.prompt,
    title: issue.title,
    bin: "opencode",
    model: { provider: "scripted", name: "demo" },
    gatewayUrl: "http://127.0.0.1:8000/v1",
    placeholderKey: gateway.placeholder,
    home: "/home/agent",
    captureDir: "/capture",
  };
  const started = performance.now();
  const execution = await room.exec({
    command: opencode.command(task),
    user,
    environment: opencode.environment(task),
    directory: "/workspace",
  });
  const stopped = new Promise((resolve) => signal.addEventListener("abort", () => resolve(null)));
  const code = await Promise.race([execution.ended, stopped]);
  const agent_ms = performance.now() - started;
  if (code !== 0) throw new Error(`the bare run ended with ${code}`);
  console.log(JSON.stringify({ agent_ms }));
} finally {
  for (const thing of opened.reverse()) await thing[Symbol.asyncDispose]();
}
process.exit();
