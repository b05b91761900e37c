/**
 * What the page shows of the live side, as one external store.
 *
 * Everything that arrives within one animation frame is applied together and told once; what did not change keeps
 * its reference, so that a selector's result can be compared by identity.
 */
import { apply, EMPTY, type Log } from "./log";
import { split } from "./logs";
import type { ToTab } from "./messages";
import type { ErrorFrame, StateFrame } from "./protocol";
import { IDLE, type Status } from "./status";

export interface Live {
  readonly status: Status;
  /** The events of each streamer; what is said in its chat leaves it as it is. */
  readonly logs: ReadonlyMap<string, Log>;
  readonly chats: ReadonlyMap<string, Log>;
  /** What the server last said of a streamer, "" for all of them. */
  readonly states: ReadonlyMap<string, StateFrame>;
  readonly errors: ReadonlyMap<string, ErrorFrame>;
}

const NOTHING: Live = {
  status: IDLE,
  logs: new Map(),
  chats: new Map(),
  states: new Map(),
  errors: new Map(),
};

export class Store {
  private value: Live = NOTHING;
  private waiting: ToTab[] = [];
  private readonly listeners = new Set<() => void>();

  /**
   * Args:
   *   schedule: Calls its argument once, at the next animation frame.
   */
  constructor(private readonly schedule: (flush: () => void) => void) {}

  /** The state of now; the same object until something changes. */
  readonly get = (): Live => this.value;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Take a message; it shows at the next animation frame. */
  put(message: ToTab): void {
    this.waiting.push(message);
    if (this.waiting.length === 1) this.schedule(() => this.flush());
  }

  /** Back to nothing: another viewer. */
  clear(): void {
    this.waiting = [];
    this.value = NOTHING;
    for (const listener of this.listeners) listener();
  }

  private flush(): void {
    const messages = this.waiting;
    this.waiting = [];
    const next = messages.reduce(reduce, this.value);
    if (next === this.value) return;
    this.value = next;
    for (const listener of this.listeners) listener();
  }
}

function reduce(live: Live, message: ToTab): Live {
  if (message.type === "status") return { ...live, status: message.status };
  if (message.type === "logs") {
    const { streamer, logs } = message;
    return {
      ...live,
      logs: put(live.logs, streamer, logs.events),
      chats: put(live.chats, streamer, logs.chat),
    };
  }
  return message.frames.reduce(reduceFrame, live);
}

function reduceFrame(live: Live, frame: (ToTab & { type: "frames" })["frames"][number]): Live {
  switch (frame.type) {
    case "state":
      return { ...live, states: new Map(live.states).set(frame.streamer_id ?? "", frame) };
    case "error":
      return { ...live, errors: new Map(live.errors).set(frame.streamer_id ?? "", frame) };
    case "events":
    case "lagged":
    case "subscribed": {
      const id = frame.streamer_id;
      const parts = split(frame);
      const logs = parts.events
        ? put(live.logs, id, apply(live.logs.get(id) ?? EMPTY, parts.events))
        : live.logs;
      const chats = parts.chat
        ? put(live.chats, id, apply(live.chats.get(id) ?? EMPTY, parts.chat))
        : live.chats;
      const errors = frame.type === "subscribed" ? without(live.errors, id) : live.errors;
      if (logs === live.logs && chats === live.chats && errors === live.errors) return live;
      return { ...live, errors, logs, chats };
    }
    default:
      return live;
  }
}

function put<V>(map: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> {
  return map.get(key) === value ? map : new Map(map).set(key, value);
}

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  if (!map.has(key)) return map;
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
