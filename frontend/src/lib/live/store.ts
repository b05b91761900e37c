/**
 * What the page shows of the live side, as one external store.
 *
 * Everything that arrives within one animation frame is applied together and told once; what did not change keeps
 * its reference, so that a selector's result can be compared by identity.
 */
import { apply, EMPTY, type Log } from "./log";
import type { ToTab } from "./messages";
import type { ErrorFrame, StateFrame } from "./protocol";
import { IDLE, type Status } from "./status";

export interface Live {
  readonly status: Status;
  readonly logs: ReadonlyMap<string, Log>;
  /** What the server last said of a streamer, "" for all of them. */
  readonly states: ReadonlyMap<string, StateFrame>;
  readonly errors: ReadonlyMap<string, ErrorFrame>;
}

const NOTHING: Live = { status: IDLE, logs: new Map(), states: new Map(), errors: new Map() };

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
  if (message.type === "log") return { ...live, logs: new Map(live.logs).set(message.streamer, message.log) };
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
      const log = live.logs.get(frame.streamer_id) ?? EMPTY;
      const next = apply(log, frame);
      const errors = frame.type === "subscribed" ? without(live.errors, frame.streamer_id) : live.errors;
      if (next === log && errors === live.errors) return live;
      return { ...live, errors, logs: new Map(live.logs).set(frame.streamer_id, next) };
    }
    default:
      return live;
  }
}

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  if (!map.has(key)) return map;
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
