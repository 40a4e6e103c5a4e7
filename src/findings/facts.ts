import type { FileChange, FileRead } from "../record/files.js";
import type { AskedName, Connection } from "../record/network.js";
import { addedLines } from "../record/patch.js";
import type { ObservedProcess } from "../record/processes.js";
import type { AskedCall } from "./asked.js";
import { commandLine } from "./command-line.js";
import { changeEvidence, connectionEvidence, nameEvidence, readEvidence } from "./evidence.js";
import type { Fact, Observed } from "./fact.js";
import { absolute, type Join } from "./join.js";
import { userOf } from "./process-facts.js";

const MAX_WRITERS = 4;

/** What was asked for, changed, read and reached, in the form that Sigma rules expect, fact by fact. */
export function eachFact(
  { files, network }: Observed,
  calls: readonly AskedCall[],
  join: Join,
  take: (fact: Fact) => void,
): void {
  for (const call of calls) ofCall(call, take);
  for (const area of ["workspace", "system"] as const)
    files?.[area].forEach((change, index) => {
      ofChange(change, area, index, join, take);
    });
  files?.reads?.forEach((read, index) => {
    take(ofRead(read, index, join));
  });
  network?.connections.forEach((connection, index) => {
    if (connection.purpose !== "model") take(ofConnection(connection, index, join));
  });
  network?.names.forEach((name, index) => {
    take(ofName(name, index, join));
  });
}

/** What a fact says of the process that did it, where it was seen. */
function by(process: ObservedProcess | undefined): Actor {
  if (process === undefined) return NOBODY;
  return {
    Image: process.exe,
    CommandLine: commandLine(process.argv),
    ProcessId: String(process.pid),
    User: userOf(process),
  };
}

type Actor = Record<"Image" | "CommandLine" | "ProcessId" | "User", string | null>;

const NOBODY: Actor = { Image: null, CommandLine: null, ProcessId: null, User: null };

function ofCall(call: AskedCall, take: (fact: Fact) => void): void {
  const { command, reads, tool, id, evidence } = call;
  const rest = { call_id: id, evidence };
  if (command !== null)
    take({
      category: "process_creation",
      fields: { CallId: id, Source: "asked", Image: "/bin/bash", CommandLine: command },
      ...rest,
    });
  if (reads !== null)
    take({
      category: "file_access",
      fields: { CallId: id, Source: "asked", TargetFilename: absolute(reads), Tool: tool },
      ...rest,
    });
}

/** One fact for each process that wrote it, or one with nobody. */
function ofChange(
  change: FileChange,
  area: "workspace" | "system",
  index: number,
  join: Join,
  take: (fact: Fact) => void,
): void {
  const call_id = join.ofChange(change);
  const added = addedLines(change.patch);
  const writers = change.written_by.slice(0, MAX_WRITERS).map(join.process);
  for (const writer of writers.length > 0 ? writers : [undefined]) {
    const { Image, CommandLine, ProcessId, User } = by(writer);
    take({
      category: change.change === "deleted" ? "file_delete" : "file_event",
      fields: {
        Image,
        CommandLine,
        ProcessId,
        User,
        TargetFilename: absolute(change.path),
        Change: change.change,
        Kind: change.kind,
        Area: area,
        Added: added.length === 0 ? null : added.join("\n"),
        CallId: call_id,
        Source: "observed",
      },
      call_id,
      evidence: () => changeEvidence(change, area, index),
    });
  }
}

function ofRead(read: FileRead, index: number, join: Join): Fact {
  const call_id = join.ofRead(read);
  const { Image, CommandLine, ProcessId, User } = by(join.process(read.process));
  return {
    category: "file_access",
    fields: {
      Image,
      CommandLine,
      ProcessId,
      User,
      TargetFilename: read.path,
      How: read.how,
      CallId: call_id,
      Source: "observed",
    },
    call_id,
    evidence: () => readEvidence(read, index, join.process(read.process)),
  };
}

function ofConnection(connection: Connection, index: number, join: Join): Fact {
  const local = endpoint(connection.local);
  const remote = endpoint(connection.remote);
  const isAddress = /^[\d.]+$|:/.test(remote.host ?? "");
  const name = connection.remote_name ?? (isAddress ? null : remote.host);
  const isOut = connection.purpose === "outside";
  const call_id = join.ofHost(connection, isOut ? name : null, connection.first_seen_at);
  const { Image, CommandLine, ProcessId, User } = by(join.process(connection.process));
  return {
    category: "network_connection",
    fields: {
      Image,
      CommandLine,
      ProcessId,
      User,
      Protocol: connection.protocol,
      Initiated: connection.purpose === "listen" ? "false" : "true",
      SourceIp: local.host,
      SourcePort: local.port,
      DestinationHostname: name,
      DestinationIp: isAddress ? remote.host : endpoint(connection.remote_address ?? null).host,
      DestinationPort: remote.port,
      Verdict: connection.verdict,
      Purpose: connection.purpose ?? null,
      CallId: call_id,
      Source: "observed",
    },
    call_id,
    evidence: () => connectionEvidence(connection, index),
  };
}

function ofName(name: AskedName, index: number, join: Join): Fact {
  const call_id = join.ofHost(name, name.name, name.asked_at);
  const { Image, CommandLine, ProcessId, User } = by(join.process(name.process));
  return {
    category: "dns_query",
    fields: {
      Image,
      CommandLine,
      ProcessId,
      User,
      QueryName: name.name,
      QueryResults: name.answer,
      RecordType: name.type,
      CallId: call_id,
      Source: "observed",
    },
    call_id,
    evidence: () => nameEvidence(name, index),
  };
}

/** `address:port` and `[v6]:port` apart; a path, or what has no port, is all host. */
function endpoint(text: string | null): { host: string | null; port: string | null } {
  if (text === null || text.startsWith("/")) return { host: text, port: null };
  const colon = text.lastIndexOf(":");
  const port = text.slice(colon + 1);
  if (colon === -1 || !/^\d{1,5}$/.test(port)) return { host: text, port: null };
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port };
}
