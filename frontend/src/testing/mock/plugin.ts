/**
 * A backend of one process for `npm run dev:mock`: enough of the REST interface and of `gstreamer.v1` to work on the
 * page when no install runs. It is no part of the product, and no test relies on it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin, ViteDevServer } from "vite";
import { WebSocketServer, type WebSocket } from "ws";
import { people, type Person } from "./people.ts";

const EVERY_MS = 2_500;
const PAST = 14;

interface Event {
  id: string;
  type: string;
  version: string;
  streamer_id: string;
  at: string;
  position: string;
  class: string;
  data: Record<string, unknown>;
}

export function mock(): Plugin {
  return {
    name: "mock-backend",
    configureServer: ({ httpServer, middlewares }) => serve(httpServer, middlewares),
    configurePreviewServer: ({ httpServer, middlewares }) => serve(httpServer, middlewares),
  };
}

function serve(http: ViteDevServer["httpServer"], middlewares: ViteDevServer["middlewares"]): void {
  const world = makeWorld();
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => "gstreamer.v1" });
  sockets.on("connection", (socket) => world.connect(socket));
  http?.on("upgrade", (request, socket, head) => {
    if (request.url !== "/ws") return;
    sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit("connection", opened));
  });
  const timer = setInterval(world.tick, EVERY_MS);
  http?.on("close", () => clearInterval(timer));
  middlewares.use((request, response, next) => {
    if (!request.url?.startsWith("/api/")) return next();
    world.answer(request, response);
  });
}

// eslint-disable-next-line max-lines-per-function -- one small world of closures, for development only
function makeWorld() {
  const all = people(Date.now());
  const favourites = new Set(["1001", "1002", "1003", "1004", "1006", "1007"]);
  const logs = new Map<string, Event[]>(all.map((person) => [person.id, []]));
  const followers = new Map<WebSocket, Set<string>>();
  let signedIn = true;
  let turn = 0;

  const emit = (person: Person, at: number): void => {
    const log = logs.get(person.id) as Event[];
    const [type, data] = happening(person, all, turn++);
    const event: Event = {
      id: `m${turn}`,
      type,
      version: "1",
      streamer_id: person.id,
      at: new Date(at).toISOString(),
      position: `mock:${log.length}`,
      class: "critical",
      data,
    };
    log.push(event);
    const frame = JSON.stringify({ type: "events", streamer_id: person.id, events: [event] });
    for (const [socket, ids] of followers) if (ids.has(person.id)) socket.send(frame);
  };
  for (let n = 0; n < PAST * all.length; n += 1)
    emit(pick(all, n), Date.now() - (PAST * all.length - n) * 41_000);

  const subscribe = (socket: WebSocket, id: string, position: unknown): void => {
    const log = logs.get(id) ?? [];
    const after = typeof position === "string" ? Number(position.split(":")[1]) : log.length - 1 - PAST;
    followers.get(socket)?.add(id);
    const reply = {
      type: "subscribed",
      streamer_id: id,
      position: `mock:${Math.max(-1, after)}`,
      recovery: "complete",
    };
    socket.send(JSON.stringify(reply));
    const events = log.slice(Math.max(0, after + 1));
    if (events.length > 0) socket.send(JSON.stringify({ type: "events", streamer_id: id, events }));
  };

  const connect = (socket: WebSocket): void => {
    followers.set(socket, new Set());
    socket.on("close", () => followers.delete(socket));
    socket.on("message", (raw) => {
      const message = JSON.parse(String(raw)) as Record<string, unknown>;
      if (message.type === "hello") {
        const welcome = { connection_id: "mock", user_id: "7", ping_interval_s: 25, resume_ticket: "again" };
        socket.send(JSON.stringify({ type: "welcome", ...welcome }));
        Object.entries(message.resume as object).forEach(([id, position]) => subscribe(socket, id, position));
      }
      if (message.type === "subscribe") subscribe(socket, String(message.streamer_id), message.position);
      if (message.type === "unsubscribe") followers.get(socket)?.delete(String(message.streamer_id));
    });
  };

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "localhost"}`);
    const json = (status: number, body: unknown) => {
      response.writeHead(status, {
        "Content-Type": status < 400 ? "application/json" : "application/problem+json",
      });
      response.end(JSON.stringify(body));
    };
    const favourite = /^\/api\/favourites\/(\d+)$/.exec(url.pathname)?.[1];
    if (url.pathname === "/api/health") return json(200, { status: "ok", simulator: true, parts: {} });
    if (url.pathname === "/api/auth/login") {
      signedIn = true;
      response.writeHead(302, { Location: url.searchParams.get("next") ?? "/" });
      return void response.end();
    }
    if (!signedIn)
      return json(401, { type: "about:blank", title: "signed out", status: 401, detail: "sign in" });
    if (url.pathname === "/api/auth/logout") {
      signedIn = false;
      return json(200, {});
    }
    if (url.pathname === "/api/me") return json(200, ME);
    if (url.pathname === "/api/ws-ticket") {
      return json(200, { url: `ws://${request.headers.host}/ws`, ticket: "t", expires_at: "" });
    }
    if (url.pathname === "/api/favourites")
      return json(200, { favourites: all.filter(({ id }) => favourites.has(id)) });
    if (favourite) {
      if (request.method === "PUT") favourites.add(favourite);
      else favourites.delete(favourite);
      response.writeHead(204);
      return void response.end();
    }
    const [query, login] = [url.searchParams.get("query")?.toLowerCase(), url.searchParams.get("login")];
    const streamers = all.filter((person) =>
      login === null ? person.login.includes(query ?? "") : person.login === login,
    );
    json(200, { streamers });
  };
  const tick = (): void => emit(pick(all, turn * 7 + 3), Date.now());
  return { connect, answer, tick };
}

const ME = {
  id: "7",
  login: "viewer",
  display_name: "Robin Viewer",
  avatar_url: null,
  scopes: [],
  grant: "ok",
  operator: false,
};

const pick = (all: readonly Person[], n: number): Person => all[n % all.length] as Person;

/** What happens next: by turn, so that every kind is seen. */
function happening(person: Person, all: readonly Person[], turn: number): [string, Record<string, unknown>] {
  const other = pick(all, turn + 3);
  const choices: [string, Record<string, unknown>][] = [
    ["channel.update", { title: `${person.title}, part ${turn}`, category_name: person.category }],
    [
      "channel.raid",
      {
        from_broadcaster_user_id: other.id,
        from_broadcaster_user_name: other.display_name,
        to_broadcaster_user_id: person.id,
        to_broadcaster_user_name: person.display_name,
        viewers: 40 + turn * 13,
      },
    ],
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
