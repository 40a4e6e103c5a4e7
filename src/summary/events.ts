import { type NativeEvent, shortName } from "../record/native-events.js";
import { foldEvents, type NativeFold } from "./native.js";
import { type Fields, fields, textOf } from "./text.js";

/** Native events as they are held for the fold: all are counted in `native`, few are in the list. */
export interface HeldEvents {
  /** In order, those that tell of a call, a permission or tokens, or are shown. */
  events: NativeEvent[];
  native: NativeFold;
  /** Events that would have been held whole and are past the bound: the data of these is left out. */
  bare: number;
}

/** Lines of events that are held have at most so many bytes in all: an agent may write without end. */
const HELD_BYTES = 32 * 1024 * 1024;

/** The same of what is only shown: events worth a line, and what the model was told. */
const SHOWN_BYTES = 8 * 1024 * 1024;
/** A longer line is not shown whole anyway. */
const SHOWN_LINE_BYTES = 256 * 1024;

/** What more than one fold looks into, beside a tool's part and a message. */
const HELD_TYPES = new Set([
  "tool.execute.before",
  "tool.execute.after",
  "permission.asked",
  "permission.replied",
]);

/** What the user and the system told the model. */
const SAID_TYPES = new Set(["chat.message", "experimental.chat.system.transform"]);

/**
 * Takes native events one by one, in order, and holds those that a call, a permission or tokens are
 * read from later, each until another says the same anew; and those that are shown, while there is
 * room for that.
 */
export function holdEvents(): {
  take(event: NativeEvent, bytes: number): void;
  held(): HeldEvents;
} {
  let events: NativeEvent[] = [];
  const native = foldEvents();
  const [runs, hooks, types, sessions] = [
    sharedTexts(),
    sharedTexts(),
    sharedTexts(),
    sharedTexts(),
  ];
  const latest = new Map<string, { event: NativeEvent; bytes: number; isShown: boolean }>();
  let bare = 0;
  let left = HELD_BYTES;
  let room = SHOWN_BYTES;
  const hold = (event: NativeEvent): NativeEvent => {
    const head = {
      seq: event.seq,
      time: shortName(event.time),
      run_id: event.run_id ? runs(shortName(event.run_id)) : null,
      hook: hooks(shortName(event.hook)),
      type: types(shortName(event.type)),
      session_id: event.session_id ? sessions(shortName(event.session_id)) : null,
      call_id: event.call_id ? shortName(event.call_id) : null,
      pid: typeof event["pid"] === "number" ? event["pid"] : null,
      data: event.data,
    };
    events.push(head);
    return head;
  };
  return {
    take(event, bytes) {
      const isShown = native.take(event) || SAID_TYPES.has(event.type);
      const { held, key } = asked(event);
      const before = key === null ? undefined : latest.get(key);
      if (before !== undefined && !before.isShown && saysAnew(event, before.event)) {
        before.event.data = null;
        left += before.bytes;
      }
      if (held && bytes <= left) {
        left -= bytes;
        const head = hold(event);
        if (key !== null) latest.set(key, { event: head, bytes, isShown });
        return;
      }
      if (key !== null) latest.delete(key);
      if (held) {
        bare += 1;
        hold(event).data = null;
      } else if (isShown && bytes <= Math.min(room, SHOWN_LINE_BYTES)) {
        room -= bytes;
        hold(event);
      }
    },
    held() {
      // Of one that was said anew nothing is left to read.
      events = events.filter(({ data, type }) => data !== null || HELD_TYPES.has(type));
      return { events, native: native.folded(), bare };
    },
  };
}

/**
 * Whether an event's data is read later. Events with the same key tell of the same message or call as
 * it grows.
 */
function asked(event: NativeEvent): { held: boolean; key: string | null } {
  if (event.type === "message.updated") {
    const id = textOf(fields(fields(fields(event.data).properties).info).id);
    return { held: id !== null, key: id === null ? null : `message ${id}` };
  }
  if (event.type !== "message.part.updated") return { held: HELD_TYPES.has(event.type), key: null };
  const part = partOf(event);
  return part.type === "tool"
    ? { held: true, key: `call ${textOf(part.callID)}` }
    : { held: false, key: null };
}

/** Whether all that the one before said of the same is said anew: of a message the last word counts. */
function saysAnew(event: NativeEvent, before: NativeEvent): boolean {
  if (event.type === "message.updated") return true;
  const [state, known] = [fields(partOf(event).state), fields(partOf(before).state)];
  // Of a call's arguments the last count that are not empty.
  if (isEmpty(state.input) && !isEmpty(known.input)) return false;
  return Object.keys(known).every((name) => name === "raw" || name in state);
}

function partOf({ data }: NativeEvent): Fields {
  return fields(fields(fields(data).properties).part);
}

function isEmpty(value: unknown): boolean {
  return Object.keys(fields(value)).length === 0;
}

/** Gives one string for all equal ones, for the first few of them: each line brings its own. */
function sharedTexts(): (text: string) => string {
  const known = new Map<string, string>();
  // Mostly it is the one before it again.
  let last = "";
  return (text) => {
    if (text === last) return last;
    const shared = known.get(text);
    if (shared === undefined && known.size < 1_000) known.set(text, text);
    last = shared ?? text;
    return last;
  };
}
