import type { NativeEvent } from "../record/native-events.js";
import type { AgentReading } from "./agent.js";

/** Before any event. */
export const INITIAL_READING: AgentReading = {
  events: 0,
  sessionId: null,
  idle: false,
  lastError: null,
  retrying: null,
};

/** Characters of an error that are kept. */
const MAX_ERROR = 500;

/** Session ids as OpenCode makes them; one becomes a word of a command, so nothing else is taken. */
const SESSION_ID = /^ses_[0-9a-zA-Z]{10,64}$/;

type Fields = Readonly<Record<string, unknown>>;

/** Folds one event of OpenCode 1.x as its plugin wrote it. Never throws, whatever it holds. */
export function foldOpencodeEvent(reading: AgentReading, event: NativeEvent): AgentReading {
  const next = { ...reading, events: reading.events + 1 };
  if (event.hook !== "event") return next;
  const properties = fields(fields(event.data).properties);
  const session = text(properties.sessionID) ?? event.session_id ?? null;
  if (event.type === "session.created") return withSession(next, fields(properties.info), session);
  if (session !== null && next.sessionId !== null && session !== next.sessionId) return next;
  switch (event.type) {
    case "session.status":
      return withStatus(next, fields(properties.status));
    case "session.idle":
      return { ...next, idle: true, retrying: null };
    case "session.error":
      return { ...next, lastError: errorText(properties.error) };
    case "message.updated":
      return withMessage(next, fields(properties.info));
    default:
      return next;
  }
}

function withSession(reading: AgentReading, info: Fields, session: string | null): AgentReading {
  const id = session ?? text(info.id);
  if (
    reading.sessionId !== null ||
    id === null ||
    !SESSION_ID.test(id) ||
    text(info.parentID) !== null
  )
    return reading;
  return { ...reading, sessionId: id };
}

function withStatus(reading: AgentReading, status: Fields): AgentReading {
  const type = text(status.type);
  if (type === "idle") return { ...reading, idle: true, retrying: null };
  if (type === "busy") return { ...reading, idle: false, retrying: null };
  if (type !== "retry") return reading;
  const attempt = typeof status.attempt === "number" ? status.attempt : 0;
  const message = oneLine(text(status.message) ?? "no reason given");
  return { ...reading, idle: false, retrying: `attempt ${attempt}: ${message}` };
}

/** An assistant's message that failed is the error; a later one that completed makes it good. */
function withMessage(reading: AgentReading, info: Fields): AgentReading {
  if (info.role !== "assistant") return reading;
  if (info.error !== undefined && info.error !== null)
    return { ...reading, lastError: errorText(info.error) };
  const completed = text(info.finish) !== null && fields(info.time).completed !== undefined;
  return completed ? { ...reading, lastError: null } : reading;
}

/** `{ name, data: { message, statusCode? } }`, as OpenCode's named errors are, on one line. */
function errorText(value: unknown): string {
  const error = fields(value);
  const data = fields(error.data);
  const name = text(error.name) ?? text(value) ?? "unnamed error";
  const message = text(data.message) ?? text(error.message);
  const status = typeof data.statusCode === "number" ? ` (HTTP ${data.statusCode})` : "";
  return oneLine(message === null ? `${name}${status}` : `${name}${status}: ${message}`);
}

function oneLine(value: string): string {
  const flat = value
    .slice(0, MAX_ERROR * 2)
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim();
  return flat.length > MAX_ERROR ? `${flat.slice(0, MAX_ERROR)}…` : flat;
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
