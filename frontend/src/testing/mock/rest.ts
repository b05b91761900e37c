/** The development server's answers: the part of the REST interface, and of Twitch's double, that the page uses. */
import type { IncomingMessage, ServerResponse } from "node:http";
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
        `/oauth2/authorize?state=${encodeURIComponent(url.searchParams.get("next") ?? "/")}`,
      ),
    "/oauth2/authorize": (url, _request, response) => authorize(url, response),
    "/oauth2/authorize/as": (url, _request, response) =>
      redirect(response, url.searchParams.get("state") ?? "/", url.searchParams.get("login") ?? ""),
    "/simulator/happen": (_url, request, response) => void happen(world, request, response),
    "/api/me": (_url, _request, response, viewer) => json(response, 200, me(viewer)),
    "/api/auth/logout": (_url, _request, response) =>
      void response.writeHead(204, { "Set-Cookie": "viewer=; Path=/; SameSite=Lax" }).end(),
    "/api/ws-ticket": (url, _request, response) =>
      json(response, 200, { url: `ws://${url.host}/ws`, ticket: "t", expires_at: "" }),
    "/api/favourites": (_url, _request, response, viewer) =>
      json(response, 200, { favourites: world.all.filter(({ id }) => of(viewer).has(id)) }),
    "/api/streamers": (url, _request, response) => json(response, 200, { streamers: find(world, url) }),
  };
  return (request, response) => {
    const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "localhost"}`);
    if (!/^\/(api|oauth2|simulator)\//.test(url.pathname)) return false;
    const viewer = /viewer=(\w+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
    const open = /^\/(oauth2|simulator|api\/auth|api\/health)/.test(url.pathname);
    const starred = /^\/api\/favourites\/(\d+)$/.exec(url.pathname)?.[1];
    if (!open && viewer === "") problem(response, 401, "you are not signed in");
    else if (starred) {
      if (request.method === "PUT") of(viewer).add(starred);
      else of(viewer).delete(starred);
      response.writeHead(204).end();
    } else if (Object.hasOwn(routes, url.pathname)) routes[url.pathname]?.(url, request, response, viewer);
    else problem(response, 404, "there is nothing here");
    return true;
  };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

function problem(response: ServerResponse, status: number, detail: string): void {
  const body = JSON.stringify({ type: "about:blank", title: "refused", status, detail });
  response.writeHead(status, { "Content-Type": "application/problem+json" }).end(body);
}

function redirect(response: ServerResponse, to: string, viewer?: string): void {
  const cookie = viewer === undefined ? {} : { "Set-Cookie": `viewer=${viewer}; Path=/; SameSite=Lax` };
  response.writeHead(303, { Location: to, ...cookie }).end();
}

function authorize(url: URL, response: ServerResponse): void {
  const state = encodeURIComponent(url.searchParams.get("state") ?? "/");
  const links = VIEWERS.map(
    (name) => `<a class="viewer" href="/oauth2/authorize/as?state=${state}&login=${name}">${name}</a>`,
  );
  response
    .writeHead(200, { "Content-Type": "text/html" })
    .end(`<!doctype html><title>Sign in</title>${links.join(" ")}`);
}

const me = (login: string) => ({
  id: `7${[...login].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7) % 1_000_000}`,
  login,
  display_name: login === "robin" ? "Robin Viewer" : login,
  avatar_url: null,
  scopes: [],
  grant: "ok",
  operator: false,
});

function find(world: World, url: URL): unknown[] {
  const [query, login] = [url.searchParams.get("query")?.toLowerCase(), url.searchParams.get("login")];
  return world.all.filter((person) =>
    login === null ? person.login.includes(query ?? "") : person.login === login,
  );
}

async function happen(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const act = JSON.parse(Buffer.concat(chunks).toString()) as {
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
