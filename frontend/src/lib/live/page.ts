/** A tab's end of the live side: the store, and the port to whoever holds the socket. */
import type { FromTab } from "./messages";
import { Store } from "./store";

export interface LivePage {
  readonly store: Store;
  /** Follow these streamers, and no others, for this viewer; of those in `chat` what is said, too. */
  follow(viewer: Viewer, streamers: readonly string[], chat: readonly string[]): void;
  retry(): void;
  /** Signed out: close the socket, delete what is kept on this device. */
  forget(): void;
}

/** Who follows, and what they have let gstreamer do. */
interface Viewer {
  readonly user: string;
  readonly grants: string;
}

const HIDDEN_MS = 250;
const KEEP_MS = 1_000;

/** Open the live side of this page: through the SharedWorker, or in the page where the browser has none. */
export function openLive(): LivePage {
  const store = new Store(nextFrame);
  const { send, lock } = typeof SharedWorker === "undefined" ? inPage(store) : inWorker(store);
  let joined: string | null = null;
  let granted = "";
  let asked = "";
  listen(send);
  return {
    store,
    follow({ user, grants }, streamers, chat) {
      const ask = JSON.stringify([streamers, chat, grants]);
      if (joined === user && asked === ask) return;
      if (joined !== user) store.clear();
      if (joined !== user || granted !== grants) send({ type: "join", user, grants, lock });
      [joined, granted, asked] = [user, grants, ask];
      send({ type: "want", streamers, chat });
    },
    retry: () => send({ type: "retry" }),
    forget() {
      joined = null;
      send({ type: "forget" });
      store.clear();
    },
  };
}

interface Port {
  readonly send: (message: FromTab) => void;
  readonly lock: string;
}

function inWorker(store: Store): Port {
  const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), {
    type: "module",
    name: "gstreamer",
  });
  worker.port.onmessage = ({ data }) => store.put(data);
  const post = (message: FromTab) => worker.port.postMessage(message);
  if (!("locks" in navigator)) {
    addEventListener("pagehide", () => post({ type: "leave" }));
    return { send: post, lock: "" };
  }
  const lock = `gstreamer.tab.${crypto.randomUUID()}`;
  // Held for good: its release is how the worker learns that this tab is gone. Nothing is sent before it is held.
  let early: FromTab[] | null = [];
  void navigator.locks.request(lock, () => {
    early?.forEach(post);
    early = null;
    return new Promise<never>(() => undefined);
  });
  return { send: (message) => (early ? void early.push(message) : post(message)), lock };
}

/** The holder in the page itself; only browsers without a SharedWorker fetch it. */
function inPage(store: Store): Port {
  const tab = { post: (message: Parameters<Store["put"]>[0]) => store.put(message) };
  const held = import("./holder").then(({ hold }) => {
    const hub = hold();
    setInterval(() => void hub.keep(), KEEP_MS);
    addEventListener("pagehide", () => void hub.keep());
    return hub;
  });
  return { send: (message) => void held.then((hub) => hub.take(tab, message)), lock: "" };
}

function listen(send: (message: FromTab) => void): void {
  addEventListener("online", () => send({ type: "network", on: true }));
  addEventListener("offline", () => send({ type: "network", on: false }));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") send({ type: "shown" });
  });
}

/** At the next animation frame; hidden pages have none, so a timer stands in. */
function nextFrame(flush: () => void): void {
  if (document.visibilityState === "visible") requestAnimationFrame(flush);
  else setTimeout(flush, HIDDEN_MS);
}
