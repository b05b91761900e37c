/**
 * The codec of `gstreamer.v1`: text to frame, message to text.
 *
 * Every field that the core relies on is checked here, once; fields that it does not know are kept, types that it
 * does not know come out as `unknown`, and nothing that a server can send makes it throw.
 */

export const SUBPROTOCOL = "gstreamer.v1";

/** A place in one streamer's log, `<epoch>:<offset>`. */
export type Position = string;

export type EventClass = "critical" | "state" | "chat";

export interface LiveEvent {
  readonly id: string;
  readonly type: string;
  readonly version: string;
  readonly streamer_id: string;
  readonly at: string;
  readonly position: Position;
  readonly class: EventClass;
  readonly data: Readonly<Record<string, unknown>>;
  /** Found by gstreamer itself, not told by Twitch. */
  readonly reconciled?: boolean;
}

export interface Gap {
  readonly from: Position;
  readonly to: Position;
}

export type StateWord = "live" | "catching_up" | "degraded" | "grant_revoked";

export interface Welcome {
  readonly type: "welcome";
  readonly connection_id: string;
  readonly user_id: string;
  readonly ping_interval_s: number;
  readonly resume_ticket: string;
}
export interface Subscribed {
  readonly type: "subscribed";
  readonly streamer_id: string;
  readonly position: Position;
  readonly recovery: "complete" | { readonly gap: Gap };
}
export interface Unsubscribed {
  readonly type: "unsubscribed";
  readonly streamer_id: string;
  readonly position: Position | null;
}
export interface Events {
  readonly type: "events";
  readonly streamer_id: string;
  readonly events: readonly LiveEvent[];
  /** Set where filtered records passed: the cursor moves to here. */
  readonly position?: Position;
}
export interface Lagged {
  readonly type: "lagged";
  readonly streamer_id: string;
  readonly class: EventClass;
  readonly from: Position;
  readonly to: Position;
  readonly count: number;
}
export interface StateFrame {
  readonly type: "state";
  readonly streamer_id?: string;
  readonly state: StateWord;
  readonly since: string;
  readonly reason: string;
}
export interface Move {
  readonly type: "move";
  readonly url: string;
  readonly ticket: string;
  readonly after_ms: number;
}
export interface Ping {
  readonly type: "ping";
}
export interface ErrorFrame {
  readonly type: "error";
  readonly code: string;
  readonly message: string;
  readonly streamer_id?: string;
  readonly re?: string;
}

export type Frame =
  Welcome | Subscribed | Unsubscribed | Events | Lagged | StateFrame | Move | Ping | ErrorFrame;

/** A frame of a type that this page does not know: newer servers may send them. */
export interface Unknown {
  readonly type: "unknown";
  readonly name: string;
}
/** What is no frame at all. */
export interface Malformed {
  readonly type: "malformed";
  readonly reason: string;
}

/** What a filter leaves out where nobody looks at the chat. */
export const WITHOUT_CHAT: readonly string[] = ["-channel.chat.*"];

/** Where to go on with a streamer, and what of it. */
export type Resume =
  Position | null | { readonly position: Position | null; readonly types: readonly string[] };

export type ClientMessage =
  | { readonly type: "hello"; readonly ticket: string; readonly resume: Readonly<Record<string, Resume>> }
  | {
      readonly type: "subscribe";
      readonly streamer_id: string;
      readonly position?: Position;
      readonly types?: readonly string[];
    }
  | { readonly type: "unsubscribe"; readonly streamer_id: string }
  | { readonly type: "pong" };

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isCount: Check = (value) => typeof value === "number" && Number.isFinite(value) && value >= 0;
const isOptionalText: Check = (value) => value === undefined || value === null || isText(value);
const isPosition: Check = (value) => typeof value === "string" && parsePosition(value) !== null;
const isOptionalPosition: Check = (value) => value === undefined || value === null || isPosition(value);
const isClass: Check = (value) => value === "critical" || value === "state" || value === "chat";
const isStateWord: Check = (value) =>
  value === "live" || value === "catching_up" || value === "degraded" || value === "grant_revoked";
const isRecovery: Check = (value) =>
  value === "complete" ||
  (isFields(value) && isFields(value.gap) && isPosition(value.gap.from) && isPosition(value.gap.to));

const EVENT: Readonly<Record<string, Check>> = {
  id: isText,
  type: isText,
  version: isText,
  streamer_id: isText,
  at: isText,
  position: isPosition,
  class: isClass,
  data: isFields,
};

const isEvents: Check = (value) =>
  Array.isArray(value) && value.every((event) => isFields(event) && wrongField(event, EVENT) === null);

const FRAMES: Readonly<Record<Frame["type"], Readonly<Record<string, Check>>>> = {
  welcome: { connection_id: isText, user_id: isText, ping_interval_s: isCount, resume_ticket: isText },
  subscribed: { streamer_id: isText, position: isPosition, recovery: isRecovery },
  unsubscribed: { streamer_id: isText, position: isOptionalPosition },
  events: { streamer_id: isText, events: isEvents, position: isOptionalPosition },
  lagged: { streamer_id: isText, class: isClass, from: isPosition, to: isPosition, count: isCount },
  state: { streamer_id: isOptionalText, state: isStateWord },
  move: { url: isText, ticket: isText, after_ms: isCount },
  ping: {},
  error: { code: isText, message: isText, streamer_id: isOptionalText },
};

/** The frame that a text is. */
export function decode(text: string): Frame | Unknown | Malformed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { type: "malformed", reason: "not JSON" };
  }
  if (!isFields(value) || typeof value.type !== "string") return { type: "malformed", reason: "no type" };
  if (!isFrameType(value.type)) return { type: "unknown", name: value.type };
  const wrong = wrongField(value, FRAMES[value.type]);
  if (wrong !== null) return { type: "malformed", reason: `${value.type}: ${wrong} is missing or wrong` };
  return value as unknown as Frame;
}

/** The text of a message. */
export function encode(message: ClientMessage): string {
  return JSON.stringify(message);
}

/** Epoch and offset of a position, or null if it is none. */
export function parsePosition(text: string): { readonly epoch: string; readonly offset: number } | null {
  const match = /^([A-Za-z0-9_.-]{1,40}):(-1|0|[1-9]\d{0,18})$/.exec(text);
  return match ? { epoch: match[1] as string, offset: Number(match[2]) } : null;
}

/** The later of two places; a place of another epoch than the last one replaces it, since epochs have no order. */
export function laterPosition(last: Position | null, next: Position): Position {
  const [a, b] = [last === null ? null : parsePosition(last), parsePosition(next)];
  if (a === null || b === null || a.epoch !== b.epoch) return next;
  return b.offset > a.offset ? next : (last as Position);
}

function isFrameType(type: string): type is Frame["type"] {
  return Object.hasOwn(FRAMES, type);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrongField(value: Fields, checks: Readonly<Record<string, Check>>): string | null {
  for (const [name, check] of Object.entries(checks)) if (!check(value[name])) return name;
  return null;
}
