import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The room's resolver is where the door listens, so that every name asked is known. */
export const RESOLVER = "127.0.0.1";
/** The door binds the resolver's port with no capability; engines differ in their default. */
export const NAMES_SYSCTLS = { "net.ipv4.ip_unprivileged_port_start": "0" };

/** As an engine writes them for a container that has no network. */
const FILES = {
  "resolv.conf": `nameserver ${RESOLVER}\n`,
  hosts: [
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::0\tip6-localnet",
    "ff00::0\tip6-mcastprefix",
    "ff02::1\tip6-allnodes",
    "ff02::2\tip6-allrouters\n",
  ].join("\n"),
};

/**
 * Writes what an engine writes into a container that it gives a network, and gives it as mounts: for a
 * room that it gives none. `folder` is a folder of the run on the engine's machine.
 */
export async function layNames(
  folder: string,
): Promise<{ source: string; target: string; readOnly: true }[]> {
  const own = join(folder, "names");
  await mkdir(own);
  return Promise.all(
    Object.entries(FILES).map(async ([name, text]) => {
      const source = join(own, name);
      await writeFile(source, text, { mode: 0o644 });
      return { source, target: `/etc/${name}`, readOnly: true as const };
    }),
  );
}
