import { chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Baseline, takeBaseline } from "../observe/files.js";
import { RunFile, runFile } from "../record/directory.js";
import type { Mount } from "../sandbox/mount.js";
import type { RunCanaries } from "./canaries.js";
import { type Injection, inject } from "./inject.js";
import type { CaptureRequest } from "./request.js";
import type { Run } from "./run.js";
import { copyWorkspace, type WorkspaceCopy } from "./workspace.js";

/** Where things are in every room. */
export const ROOM = {
  workspace: "/workspace",
  capture: "/capture",
  events: "/capture/events",
  home: "/home/agent",
} as const;

/** What the room is given of this host. Disposing it removes what is not to be kept. */
export interface Layout extends AsyncDisposable {
  workspace: WorkspaceCopy;
  injection: Injection;
  baseline: Baseline;
  /** A home on this host, for an image that has none for the agent; null where the image has. */
  home: { path: string; baseline: Baseline } | null;
  canaries: RunCanaries;
  mounts: Mount[];
}

/**
 * Lays out what the room needs: the workspace's copy with the agent's own files in it, its baseline,
 * the events folder and, for a foreign image, a home with the canaries in it. Throws where the
 * workspace cannot be copied.
 */
export async function layOut(
  run: Run,
  request: CaptureRequest,
  scratch: string,
  canaries: RunCanaries,
): Promise<Layout> {
  // Only root can give files away; anybody else runs the room as itself.
  const owner = process.getuid?.() === 0 ? run.user : undefined;
  const workspace = await copyWorkspace(
    request.issue.workspace,
    runFile(run.directory, RunFile.workspace),
    {
      ...(owner === undefined ? {} : { owner }),
      includeIgnored: request.includeIgnored,
      keyFile: request.keyFile ?? null,
      signal: request.signal,
    },
  );
  for (const skipped of workspace.stats.skipped) await run.log.note(`not copied: ${skipped}`);
  const injection = await inject(request.agent.injection(ROOM.home), {
    workspace: workspace.path,
    mountPoint: ROOM.workspace,
    packageRoot: request.packageRoot,
    owner,
  });
  for (const problem of injection.problems) await run.problem(problem);
  const events = join(run.directory, "events");
  if (owner !== undefined) await chown(events, owner.uid, owner.gid);
  const foreign = request.image.ref !== request.doorImage;
  const home = foreign ? await makeHome(join(scratch, "home"), owner) : null;
  if (home !== null) await canaries.plant(run, { folder: home });
  return {
    workspace,
    injection,
    baseline: await takeBaseline(workspace.path, request.signal),
    home: home === null ? null : { path: home, baseline: await takeBaseline(home) },
    canaries,
    mounts: [
      { source: workspace.path, target: ROOM.workspace, readOnly: false },
      { source: events, target: ROOM.events, readOnly: false },
      ...(home === null ? [] : [{ source: home, target: ROOM.home, readOnly: false }]),
      ...injection.mounts,
    ],
    [Symbol.asyncDispose]: async () => {
      if (!request.keepWorkspace) await workspace[Symbol.asyncDispose]();
    },
  };
}

async function makeHome(
  path: string,
  owner: { uid: number; gid: number } | undefined,
): Promise<string> {
  await mkdir(path);
  if (owner !== undefined) await chown(path, owner.uid, owner.gid);
  return path;
}
