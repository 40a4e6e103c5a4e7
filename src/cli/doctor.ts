import { statfs } from "node:fs/promises";
import { resolve } from "node:path";
import { ExitCode, explain, systemWords, UserError } from "../errors.js";
import { makeFolder } from "../record/folder.js";
import { connectEngine, type Engine } from "../sandbox/engine.js";
import { imageInputs } from "../sandbox/image-inputs.js";
import { imageId } from "../sandbox/image-pull.js";
import type { Settings } from "../settings.js";
import { type Check, roomChecks } from "./doctor-room.js";
import { harmlessLines, type Output, paint } from "./output.js";

const LOW_DISK_BYTES = 5 * 1024 ** 3;
const MARKS = { ok: "✔", warn: "!", fail: "✘" } as const;
const COLOURS = { ok: "green", warn: "yellow", fail: "red" } as const;

/** `doctor`: looks at all that a capture needs. Exit code 3 where something is missing, else 0. */
export async function examine(
  settings: Settings,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  let code: ExitCode = ExitCode.ok;
  for await (const check of checks(settings, signal)) {
    const { name, state, detail, todo } = check;
    if (state === "fail") code = ExitCode.engine;
    output.json({ type: "check", ...check });
    const say = state === "ok" ? output.line : output.result;
    say(`${paint(COLOURS[state], MARKS[state])} ${name}: ${harmlessLines(detail)}`);
    if (todo !== undefined) say(`    ${todo}`);
    if (signal.aborted) return ExitCode.interrupted;
  }
  return code;
}

/** Each check when it is done; what another needs and lacks is the last. */
async function* checks(settings: Settings, signal: AbortSignal): AsyncGenerator<Check> {
  yield await checkDisk(resolve(settings.captures));
  let engine: Engine;
  try {
    engine = await connectEngine(signal);
  } catch (error) {
    signal.throwIfAborted();
    const todo = error instanceof UserError ? error.hint : undefined;
    yield {
      name: "engine",
      state: "fail",
      detail: explain(error),
      todo: todo ?? "opencode-capture setup",
    };
    return;
  }
  const detail = `${engine.name} ${engine.version}, ${engine.socketPath ?? "remote"}`;
  yield { name: "engine", state: "ok", detail };
  if (!engine.local) {
    yield {
      name: "files",
      state: "warn",
      detail: "this machine's are sent to the engine and fetched back when the agent has ended",
      todo: "use an engine on this machine to see more: unset DOCKER_HOST",
    };
  }
  const ref = settings.image_ref ?? (await imageInputs(engine.arch)).tag;
  const image = await imageId(engine, ref);
  if (image) {
    yield { name: "image", state: "ok", detail: ref };
    yield* roomChecks(engine, image, settings);
  } else {
    yield {
      name: "image",
      state: "fail",
      detail: `${ref} is not there`,
      todo: settings.image_ref ? `docker pull ${settings.image_ref}` : "opencode-capture setup",
    };
  }
}

async function checkDisk(captures: string): Promise<Check> {
  const name = "disk";
  try {
    await makeFolder(captures);
    const { bavail, bsize } = await statfs(captures);
    const free = bavail * bsize;
    const detail = `${(free / 1024 ** 3).toFixed(1)} GB free for ${captures}`;
    if (free >= LOW_DISK_BYTES) return { name, state: "ok", detail };
    return { name, state: "warn", detail, todo: "free some, or use --captures DIR" };
  } catch (error) {
    const detail = `${captures} cannot be made: ${systemWords(error)}`;
    return { name, state: "fail", detail, todo: "name a writable folder with --captures DIR" };
  }
}
