import { answerText } from "../record/dns-answer.js";
import { isQuestion, questionOf } from "../record/dns-question.js";
import type { Client, EgressListener } from "./egress-attempt.js";
import type { DoorConnection } from "./egress-door.js";

/** The frame of image/door.mjs: the asker's address, its port, the message's length. */
const FRAME_HEAD_BYTES = 8;
/** Questions that are looked into at once; beyond it the door is left to wait, and then to refuse. */
const MAX_WAITING = 512;
const IDLE_MS = 10_000;

const ANSWER_BIT = 0x80;
const CODES = { formatError: 1, serverFailure: 2, noSuchName: 3 } as const;

export type Transport = "udp" | "tcp";
/** Gives the answer to a message, or throws why there is none. */
export type Resolver = (message: Buffer, transport: Transport) => Promise<Buffer>;

/** The door's resolver, over the connections that the door makes for it. */
export interface Names {
  /** Questions that came as datagrams, framed. */
  datagrams(connection: DoorConnection): void;
  /** One client's own connection, each message led by its length (RFC 1035, section 4.2.2). */
  stream(connection: DoorConnection, client: Client): void;
}

/**
 * Answers every question with "no such name" unless there is a resolver, and tells of each before
 * it answers. No such name, and not REFUSED: a refusal is taken for a fault of the resolver, and
 * asked again and again; this is final, so programs fail at once and say what they would have asked.
 */
export function openNames(
  onQuestion: NonNullable<EgressListener["onQuestion"]>,
  resolver: Resolver | null,
): Names {
  const answer = async (message: Buffer, transport: Transport, client: Client) => {
    const asked = questionOf(message);
    if (asked === null) return toAnswer(message, CODES.formatError);
    const tell = await onQuestion({ at: new Date(), ...asked, transport, client });
    if (resolver === null) {
      tell?.("refused: no such name");
      return toAnswer(message, CODES.noSuchName);
    }
    try {
      const found = await resolver(message, transport);
      tell?.(answerText(found));
      return found;
    } catch (error) {
      tell?.(`no answer: ${error instanceof Error ? error.message : "unknown"}`);
      return toAnswer(message, CODES.serverFailure);
    }
  };
  return {
    datagrams(connection) {
      let waiting = 0;
      frames(connection, FRAME_HEAD_BYTES, 6, async (head, message) => {
        if (!isQuestion(message)) return;
        waiting += 1;
        if (waiting >= MAX_WAITING) connection.pause();
        const client = { address: head.subarray(0, 4).join("."), port: head.readUInt16BE(4) };
        const found = await answer(message, "udp", client);
        waiting -= 1;
        if (connection.isPaused()) connection.resume();
        const frame = Buffer.concat([head, found]);
        frame.writeUInt16BE(found.length, 6);
        connection.write(frame);
      });
    },
    stream(connection, client) {
      connection.setTimeout(IDLE_MS, () => connection.destroy());
      frames(connection, 2, 0, async (head, message) => {
        if (!isQuestion(message)) return void connection.destroy();
        connection.pause();
        const found = await answer(message, "tcp", client);
        connection.resume();
        const length = Buffer.alloc(head.length);
        length.writeUInt16BE(found.length);
        connection.write(Buffer.concat([length, found]));
      });
    },
  };
}

/**
 * Takes messages that are led by their length, which stands at an offset in a head of so many bytes;
 * whoever ends is ended.
 */
export function frames(
  connection: DoorConnection,
  headBytes: number,
  lengthAt: number,
  take: (head: Buffer, message: Buffer) => Promise<void>,
): void {
  let held: Buffer = Buffer.alloc(0);
  connection.on("end", () => connection.end());
  connection.on("data", (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= headBytes) {
      const end = headBytes + held.readUInt16BE(lengthAt);
      if (held.length < end) break;
      void take(
        Buffer.from(held.subarray(0, headBytes)),
        Buffer.from(held.subarray(headBytes, end)),
      );
      held = held.subarray(end);
    }
  });
}

/** The question itself, marked as an answer: whatever it holds, the asker knows it again. */
function toAnswer(message: Buffer, code: number): Buffer {
  const answer = Buffer.from(message);
  answer[2] = (answer[2] ?? 0) | ANSWER_BIT;
  answer[3] = ANSWER_BIT | code; // recursion is available
  return answer;
}
