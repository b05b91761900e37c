/**
 * A backend of one process for `npm run dev:mock`, for work on the page when no install runs.
 *
 * Enough of the REST interface, of `gstreamer.v1` and of Twitch's double to walk through the page; it is no part of
 * the product.
 */
import type { Plugin, ViteDevServer } from "vite";
import { WebSocketServer } from "ws";
import { rest } from "./rest.ts";
import { World } from "./world.ts";

const EVERY_MS = 2_500;
const CHAT_MS = 1_300;

export function mock(): Plugin {
  return {
    name: "mock-backend",
    configureServer: ({ httpServer, middlewares }) => serve(httpServer, middlewares),
    configurePreviewServer: ({ httpServer, middlewares }) => serve(httpServer, middlewares),
  };
}

function serve(http: ViteDevServer["httpServer"], middlewares: ViteDevServer["middlewares"]): void {
  const world = new World();
  const answered = rest(world);
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => "gstreamer.v1" });
  sockets.on("connection", (socket) => world.connect(socket));
  http?.on("upgrade", (request, socket, head) => {
    if (request.url !== "/ws") return;
    sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit("connection", opened));
  });
  const timer = setInterval(() => world.next(), EVERY_MS);
  const chatter = setInterval(() => world.chatter(), CHAT_MS);
  http?.on("close", () => [timer, chatter].forEach(clearInterval));
  middlewares.use((request, response, next) => {
    if (!answered(request, response)) next();
  });
}
