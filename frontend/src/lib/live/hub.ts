/**
 * The holder of the one connection: joins the wishes of all tabs, keeps the logs, and tells each tab what it wants.
 *
 * Invariant: a tab that was given a streamer's log is then given every frame of that streamer, in order. Pure but
 * for the ports it is given: time, socket and storage are arguments.
 */
import type { Effect, Input } from "./state";
import { newest, NOTHING, take, type Logs } from "./logs";
import type { FromTab, Memory, ToTab } from "./messages";
import type { Frame, Position } from "./protocol";
import { IDLE, type Status } from "./status";

const KEPT_ROWS = 200;

export interface Link {
  put(input: Input): void;
}

export interface Tab {
  post(message: ToTab): void;
}

interface Seat {
  readonly wanted: Set<string>;
  /** Those whose chat it wants too. */
  readonly chat: Set<string>;
  /** Streamers whose log this tab has been given. */
  readonly given: Set<string>;
}

export class Hub {
  private readonly seats = new Map<Tab, Seat>();
  private readonly logs = new Map<string, Logs>();
  private readonly dirty = new Set<string>();
  private user = "";
  private grants = "";
  private status: Status = IDLE;

  constructor(
    private readonly link: Link,
    private readonly memory: Memory,
  ) {}

  /** Take a message of a tab. */
  take(tab: Tab, message: FromTab): void {
    switch (message.type) {
      case "join":
        return this.join(tab, message.user, message.grants);
      case "want":
        return this.want(tab, message.streamers, message.chat);
      case "network":
        return this.link.put({ type: message.on ? "networkOn" : "networkOff" });
      case "retry":
      case "shown":
        return this.link.put({ type: message.type });
      case "leave":
        return this.leave(tab);
      case "forget":
        this.reset("");
        void this.memory.wipe();
    }
  }

  /** A tab is gone. */
  leave(tab: Tab): void {
    if (this.seats.delete(tab)) this.wish();
  }

  /** The connection's frames and status, for all tabs. */
  on(effect: Effect & { type: "apply" }): void {
    const frame = effect.frame;
    const id = "streamer_id" in frame ? frame.streamer_id : undefined;
    if (
      id !== undefined &&
      (frame.type === "events" || frame.type === "lagged" || frame.type === "subscribed")
    ) {
      const logs = this.logs.get(id) ?? NOTHING;
      const next = take(logs, frame);
      if (next !== logs) this.dirty.add(id);
      this.logs.set(id, next);
    }
    this.tell(frame, id);
  }

  report(status: Status): void {
    this.status = status;
    for (const tab of this.seats.keys()) tab.post({ type: "status", status });
  }

  /** Keep what has changed since the last call: called at most each second. */
  async keep(): Promise<void> {
    if (this.dirty.size === 0) return;
    const logs = new Map<string, Logs>();
    for (const id of this.dirty) {
      const kept = this.logs.get(id);
      if (kept) logs.set(id, newest(kept, KEPT_ROWS));
    }
    this.dirty.clear();
    await this.memory.save(this.user, logs);
  }

  private join(tab: Tab, user: string, grants: string): void {
    if (user !== this.user) this.reset(user);
    else if (grants !== this.grants) this.redial();
    this.grants = grants;
    this.seats.set(tab, { wanted: new Set(), chat: new Set(), given: new Set() });
    tab.post({ type: "status", status: this.status });
  }

  /** What somebody may do stands in the socket's ticket: with another grant a new one is asked for. */
  private redial(): void {
    this.link.put({ type: "stop" });
    this.wish();
  }

  private reset(user: string): void {
    this.user = user;
    this.logs.clear();
    this.dirty.clear();
    for (const seat of this.seats.values()) {
      seat.wanted.clear();
      seat.chat.clear();
      seat.given.clear();
    }
    this.link.put({ type: "stop" });
  }

  private want(tab: Tab, streamers: readonly string[], chat: readonly string[]): void {
    const seat = this.seats.get(tab);
    if (!seat) return;
    seat.wanted.clear();
    seat.chat.clear();
    for (const id of streamers) seat.wanted.add(id);
    for (const id of chat) if (seat.wanted.has(id)) seat.chat.add(id);
    for (const id of seat.given) if (!seat.wanted.has(id)) seat.given.delete(id);
    void this.load(streamers.filter((id) => !this.logs.has(id))).then(() => {
      for (const id of streamers) this.give(id);
      this.wish();
    });
  }

  /** A streamer joins the wish only when what was kept of it is known: its position says where to go on. */
  private async load(streamers: readonly string[]): Promise<void> {
    const user = this.user;
    const kept = await Promise.all(streamers.map((id) => this.memory.load(user, id)));
    if (user !== this.user) return;
    streamers.forEach((id, place) => {
      if (!this.logs.has(id)) this.logs.set(id, kept[place] ?? NOTHING);
    });
  }

  private give(id: string): void {
    const logs = this.logs.get(id);
    if (!logs) return;
    for (const [tab, seat] of this.seats) {
      if (!seat.wanted.has(id) || seat.given.has(id)) continue;
      seat.given.add(id);
      tab.post({ type: "logs", streamer: id, logs });
    }
  }

  /** Tell the connection what all tabs together want; what nobody wants any more is let go of (it is kept). */
  private wish(): void {
    const wanted = new Map<string, Position | null>();
    const chat = new Set<string>();
    for (const seat of this.seats.values()) {
      for (const id of seat.wanted) {
        const logs = this.logs.get(id);
        if (logs) wanted.set(id, logs.position);
        if (logs && seat.chat.has(id)) chat.add(id);
      }
    }
    void this.keep();
    for (const id of [...this.logs.keys()]) if (!wanted.has(id)) this.logs.delete(id);
    this.link.put({ type: "want", streamers: wanted, chat });
    if (this.seats.size > 0) this.link.put({ type: "start" });
    else this.link.put({ type: "stop" });
  }

  private tell(frame: Frame, id: string | undefined): void {
    for (const [tab, seat] of this.seats) {
      if (id === undefined || seat.given.has(id)) tab.post({ type: "frames", frames: [frame] });
    }
  }
}
