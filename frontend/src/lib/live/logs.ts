/**
 * What is kept of one streamer: its events, and its chat beside them, so that neither drives the other out.
 *
 * Both are cut from the same log of the server: `position` covers the two together, and a gap is a hole in each.
 */
import { apply, EMPTY, tail, type Log } from "./log";
import { laterPosition, type EventClass, type Frame, type Position } from "./protocol";

export interface Logs {
  readonly events: Log;
  readonly chat: Log;
  /** The last position that is covered: what a resume asks for. */
  readonly position: Position | null;
}

export const NOTHING: Logs = { events: EMPTY, chat: EMPTY, position: null };

/** What stands in a chat: messages, and what is done to them, whatever its class. */
export const isChat = (event: { readonly type: string; readonly class: EventClass }): boolean =>
  event.class === "chat" || event.type.startsWith("channel.chat.");

interface Parts {
  readonly events: Frame | null;
  readonly chat: Frame | null;
}

/** A frame's part for the events and its part for the chat; null where it has nothing to show. */
export function split(frame: Frame): Parts {
  switch (frame.type) {
    case "events": {
      const chat = frame.events.filter(isChat);
      if (chat.length === 0) return { events: frame.events.length > 0 ? frame : null, chat: null };
      const events = frame.events.filter((event) => !isChat(event));
      return {
        events: events.length > 0 ? { type: "events", streamer_id: frame.streamer_id, events } : null,
        chat: { type: "events", streamer_id: frame.streamer_id, events: chat },
      };
    }
    case "lagged":
      return frame.class === "chat" ? { events: null, chat: frame } : { events: frame, chat: null };
    case "subscribed":
      return frame.recovery === "complete" ? { events: null, chat: null } : { events: frame, chat: frame };
    default:
      return { events: null, chat: null };
  }
}

/** The logs after a frame; logs that it does not change are returned themselves. */
export function take(logs: Logs, frame: Frame): Logs {
  const parts = split(frame);
  const events = parts.events ? apply(logs.events, parts.events) : logs.events;
  const chat = parts.chat ? apply(logs.chat, parts.chat) : logs.chat;
  const position = cover(logs.position, frame);
  if (events === logs.events && chat === logs.chat && position === logs.position) return logs;
  return { events, chat, position };
}

/** The newest `count` rows of each, for keeping. */
export function newest(logs: Logs, count: number): Logs {
  return { ...logs, events: tail(logs.events, count), chat: tail(logs.chat, count) };
}

/** The position that is covered after a frame; also the connection's way to move its cursor. */
export function cover(position: Position | null, frame: Frame): Position | null {
  switch (frame.type) {
    case "events": {
      let last = position;
      for (const event of frame.events) last = laterPosition(last, event.position);
      return frame.position ? laterPosition(last, frame.position) : last;
    }
    case "lagged":
      return laterPosition(position, frame.to);
    case "subscribed":
      return laterPosition(position, frame.position);
    default:
      return position;
  }
}
