/** The development server's answers: the part of the REST interface, and of Twitch's double, that the page uses. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { randomUUID } from "node:crypto";
import { EMBEDDED } from "./people.ts";
import type { World } from "./world.ts";

const FIRST_FAVOURITES = ["1001", "1002", "1003", "1004", "1006", "1007"];
const VIEWERS = ["robin", "viewer_0001"];

type Answer = (url: URL, request: IncomingMessage, response: ServerResponse, viewer: string) => void;

/** Answer requests below /api, /oauth2 and /simulator; gives whether it did. */
export function rest(world: World): (request: IncomingMessage, response: ServerResponse) => boolean {
  const favourites = new Map<string, Set<string>>();
  const of = (viewer: string): Set<string> => {
    const first = viewer === "robin" ? FIRST_FAVOURITES : [];
    return favourites.get(viewer) ?? favourites.set(viewer, new Set(first)).get(viewer) ?? new Set();
  };
  const routes: Readonly<Record<string, Answer>> = {
    "/api/health": (_url, _request, response) =>
      json(response, 200, { status: "ok", simulator: true, parts: {} }),
    "/api/auth/login": (url, _request, response) =>
      redirect(
        response,
        `/oauth2/authorize?state=${encodeURIComponent(url.searchParams.get("next") ?? "/")}` +
          `&scope=${url.searchParams.get("scope") ?? ""}`,
      ),
    "/oauth2/authorize": (url, _request, response) => authorize(url, response),
    "/oauth2/authorize/as": (url, _request, response) =>
      redirect(
        response,
        url.searchParams.get("state") ?? "/",
        `${url.searchParams.get("login") ?? ""}.${url.searchParams.get("scope") ?? ""}`,
      ),
    "/simulator/happen": (_url, request, response) => void happen(world, request, response),
    "/api/me": (_url, request, response, viewer) =>
      request.method === "DELETE"
        ? void response.writeHead(204, { "Set-Cookie": "viewer=; Path=/; SameSite=Lax" }).end()
        : json(response, 200, me(viewer)),
    "/api/auth/sessions": (_url, _request, response) => json(response, 200, { sessions: SESSIONS }),
    "/api/auth/logout": (_url, _request, response) =>
      void response.writeHead(204, { "Set-Cookie": "viewer=; Path=/; SameSite=Lax" }).end(),
    "/api/ws-ticket": (url, _request, response) =>
      json(response, 200, { url: `ws://${url.host}/ws`, ticket: "t", expires_at: "" }),
    "/api/favourites": (_url, _request, response, viewer) =>
      json(response, 200, { favourites: world.all.filter(({ id }) => of(name(viewer)).has(id)) }),
    "/api/streamers": (url, _request, response, viewer) =>
      json(response, 200, { streamers: find(world, url).map((person) => seen(person, viewer)) }),
  };
  return (request, response) => {
    const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "localhost"}`);
    if (!/^\/(api|oauth2|simulator)\//.test(url.pathname)) return false;
    const viewer = /viewer=([\w.]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
    const open = /^\/(oauth2|simulator|api\/auth|api\/health)/.test(url.pathname);
    const starred = /^\/api\/favourites\/(\d+)$/.exec(url.pathname)?.[1];
    const chat = /^\/api\/streamers\/(\d+)\/chat$/.exec(url.pathname)?.[1];
    if (!open && viewer === "") problem(response, 401, "you are not signed in");
    else if (chat && request.method === "POST") void say(world, chat, viewer, request, response);
    else if (/\/emotes$/.test(url.pathname)) json(response, 200, { template: TEMPLATE, emotes: [] });
    else if (/\/badges$/.test(url.pathname)) json(response, 200, { badges: [] });
    else if (starred) {
      if (request.method === "PUT") of(name(viewer)).add(starred);
      else of(name(viewer)).delete(starred);
      response.writeHead(204).end();
    } else if (Object.hasOwn(routes, url.pathname)) routes[url.pathname]?.(url, request, response, viewer);
    else problem(response, 404, "there is nothing here");
    return true;
  };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

function problem(response: ServerResponse, status: number, detail: string, more: object = {}): void {
  const body = JSON.stringify({ type: "about:blank", title: "refused", status, detail, ...more });
  response.writeHead(status, { "Content-Type": "application/problem+json" }).end(body);
}

function redirect(response: ServerResponse, to: string, viewer?: string): void {
  const cookie = viewer === undefined ? {} : { "Set-Cookie": `viewer=${viewer}; Path=/; SameSite=Lax` };
  response.writeHead(303, { Location: to, ...cookie }).end();
}

function authorize(url: URL, response: ServerResponse): void {
  const state = encodeURIComponent(url.searchParams.get("state") ?? "/");
  const scope = url.searchParams.get("scope") ?? "";
  const links = VIEWERS.map(
    (name) =>
      `<a class="viewer" href="/oauth2/authorize/as?state=${state}&scope=${scope}&login=${name}">${name}</a>`,
  );
  response
    .writeHead(200, { "Content-Type": "text/html" })
    .end(`<!doctype html><title>Sign in</title>${links.join(" ")}`);
}

const TEMPLATE = "https://static-cdn.jtvnw.net/emoticons/v2/{{id}}/{{format}}/{{theme_mode}}/{{scale}}";
const AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36";
const PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1";
const HOUR_MS = 3_600_000;
const SESSIONS = [AGENT, PHONE, "curl/8.9"].map((user_agent, place) => ({
  id: String(place),
  created_at: new Date(Date.now() - (place + 2) * 30 * HOUR_MS).toISOString(),
  last_seen_at: new Date(Date.now() - place * 5 * HOUR_MS).toISOString(),
  user_agent,
  current: place === 0,
}));
const SCOPES: Readonly<Record<string, readonly string[]>> = {
  chat: ["user:read:chat", "user:write:chat"],
  follows: ["user:read:follows"],
  streamer: ["channel:bot"],
};

const name = (viewer: string): string => viewer.split(".")[0] ?? "";
const granted = (viewer: string): readonly string[] => SCOPES[viewer.split(".")[1] ?? ""] ?? [];

/** A streamer as a viewer sees them: the chat is theirs to read if they let gstreamer do it. */
function seen(person: object, viewer: string): object {
  const native = granted(viewer).includes("user:read:chat");
  return { ...person, chat: native ? { mode: "native", reason: "Read with your own grant" } : EMBEDDED };
}

/** A message to a chat: "drop …" is refused by Twitch, "fast" comes too fast, "down" finds nobody. */
async function say(
  world: World,
  streamer: string,
  viewer: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { text } = JSON.parse(await body(request)) as { text: string };
  if (!granted(viewer).includes("user:write:chat")) return problem(response, 403, "chat", { scope: "chat" });
  if (text.startsWith("drop")) return problem(response, 409, "Your message is held for a moderator");
  if (text === "fast") {
    response.setHeader("Retry-After", "12");
    return problem(response, 429, "you write faster than Twitch takes it; wait 12 s");
  }
  if (text === "down") return problem(response, 503, "Twitch does not answer; try again in a minute");
  const { id, login, display_name } = me(viewer);
  const message_id = randomUUID();
  json(response, 202, { message_id });
  setTimeout(() => {
    const chatter = { chatter_user_id: id, chatter_user_login: login, chatter_user_name: display_name };
    const message = { text, fragments: [{ type: "text", text }] };
    const data = { ...chatter, message_id, message, badges: [], color: "#1E90FF" };
    world.emit(streamer, "channel.chat.message", data, Date.now(), "chat");
  }, 1_500);
}

const me = (viewer: string) => about(name(viewer), granted(viewer));

const about = (login: string, scopes: readonly string[]) => ({
  id: `7${[...login].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7) % 1_000_000}`,
  login,
  display_name: login === "robin" ? "Robin Viewer" : login,
  avatar_url: null,
  scopes,
  grant: "ok",
  operator: false,
});

function find(world: World, url: URL): object[] {
  const [query, login] = [url.searchParams.get("query")?.toLowerCase(), url.searchParams.get("login")];
  return world.all.filter((person) =>
    login === null ? person.login.includes(query ?? "") : person.login === login,
  );
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function happen(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const act = JSON.parse(await body(request)) as {
    act: string;
    user_id: string;
    title?: string;
  };
  const type = { start: "stream.online", end: "stream.offline" }[act.act] ?? "channel.update";
  const data =
    type === "channel.update" ? { title: act.title ?? "", category_name: "Just Talking" } : { id: "1" };
  world.emit(act.user_id, type, data);
  json(response, 200, {});
}
