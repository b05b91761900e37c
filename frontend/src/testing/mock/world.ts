/** The made-up world behind the development server: its logs, and the sockets that follow them. */
import type { WebSocket } from "ws";
import { said } from "./chatter.ts";
import { people, type Person } from "./people.ts";

const PAST = 14;
const STREAMING = 10;

interface Event {
  readonly id: string;
  readonly type: string;
  readonly version: string;
  readonly streamer_id: string;
  readonly at: string;
  readonly position: string;
  readonly class: string;
  readonly data: Record<string, unknown>;
}

export class World {
  readonly all: readonly Person[] = people(Date.now());
  private readonly logs = new Map<string, Event[]>(this.all.map((person) => [person.id, []]));
  private readonly followers = new Map<WebSocket, Set<string>>();
  private turn = 0;
  private chats = 0;

  constructor() {
    const past = PAST * STREAMING;
    for (let n = 0; n < past; n += 1) this.next(n, Date.now() - (past - n) * 41_000);
    for (let n = 0; n < 40; n += 1) this.chatter(Date.now() - (40 - n) * 7_000);
  }

  /** Something happens to somebody. */
  next(n = this.turn * 7 + 3, at = Date.now()): void {
    const person = this.all[n % STREAMING] as Person;
    const [type, data] = happening(person, this.all, this.turn++);
    this.emit(person.id, type, data, at);
  }

  /** Somebody says something in each chat. */
  chatter(at = Date.now()): void {
    for (const person of this.all.slice(0, STREAMING)) {
      const [type, data] = said(person, this.chats++);
      this.emit(person.id, type, data, at, type === "channel.chat.message" ? "chat" : "critical");
    }
  }

  emit(
    streamer: string,
    type: string,
    data: Record<string, unknown>,
    at = Date.now(),
    name = "critical",
  ): void {
    const log = this.logs.get(streamer) as Event[];
    const place = log.length;
    const event: Event = {
      id: `${streamer}-${place}`,
      type,
      version: "1",
      streamer_id: streamer,
      at: new Date(at).toISOString(),
      position: `mock:${place}`,
      class: name,
      data,
    };
    log.push(event);
    const frame = JSON.stringify({ type: "events", streamer_id: streamer, events: [event] });
    for (const [socket, ids] of this.followers) if (ids.has(streamer)) socket.send(frame);
  }

  connect(socket: WebSocket): void {
    this.followers.set(socket, new Set());
    socket.on("close", () => this.followers.delete(socket));
    socket.on("message", (raw) => this.hear(socket, JSON.parse(String(raw)) as Record<string, unknown>));
  }

  private hear(socket: WebSocket, message: Record<string, unknown>): void {
    if (message.type === "hello") {
      const welcome = { connection_id: "mock", user_id: "7", ping_interval_s: 25, resume_ticket: "again" };
      socket.send(JSON.stringify({ type: "welcome", ...welcome }));
      for (const [id, position] of Object.entries(message.resume as object))
        this.subscribe(socket, id, position);
    }
    if (message.type === "subscribe") this.subscribe(socket, String(message.streamer_id), message.position);
    if (message.type === "unsubscribe") this.followers.get(socket)?.delete(String(message.streamer_id));
  }

  private subscribe(socket: WebSocket, id: string, position: unknown): void {
    const log = this.logs.get(id) ?? [];
    // Unlike the product, a new follower is shown some of the past, so that there is something to look at.
    const after = typeof position === "string" ? Number(position.split(":")[1]) : log.length - 1 - PAST - 40;
    this.followers.get(socket)?.add(id);
    const place = `mock:${Math.max(-1, after)}`;
    socket.send(
      JSON.stringify({ type: "subscribed", streamer_id: id, position: place, recovery: "complete" }),
    );
    const events = log.slice(Math.max(0, after + 1));
    if (events.length > 0) socket.send(JSON.stringify({ type: "events", streamer_id: id, events }));
  }
}

/** What happens next: by turn, so that every kind is seen. */
function happening(person: Person, all: readonly Person[], turn: number): [string, Record<string, unknown>] {
  const other = all[(turn + 3) % STREAMING] as Person;
  const raid = {
    from_broadcaster_user_id: other.id,
    from_broadcaster_user_name: other.display_name,
    to_broadcaster_user_id: person.id,
    to_broadcaster_user_name: person.display_name,
    viewers: 40 + turn * 13,
  };
  const choices: [string, Record<string, unknown>][] = [
    ["channel.update", { title: `${person.title}, part ${turn}`, category_name: person.category }],
    ["channel.raid", raid],
    ["channel.cheer", { user_name: "kit_kat", bits: 100, message: "for the cat" }],
    [
      "channel.hype_train.progress",
      { id: `h${person.id}`, level: 2, progress: (turn * 137) % 900, goal: 900 },
    ],
    ["channel.subscription.gift", { user_name: "Moth", total: 5, tier: "1000" }],
    ["channel.whatever_is_new", { some: "field", n: turn }],
    [
      "channel.subscription.message",
      { user_name: "Odo", cumulative_months: 14, message: { text: "still here!" } },
    ],
  ];
  if (turn % 9 === 0) return person.live ? ["stream.offline", {}] : ["stream.online", { id: String(turn) }];
  return choices[turn % choices.length] as [string, Record<string, unknown>];
}
