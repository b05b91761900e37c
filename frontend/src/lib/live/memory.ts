/** Positions and the newest rows of each streamer in IndexedDB, so that a reload goes on where it stopped. */
import { NOTHING, type Logs } from "./logs";
import type { Memory } from "./messages";

const NAME = "gstreamer";
const STORE = "logs";
const VERSION = 1;

/** The memory of this browser; one that forgets where the browser has none (private windows may). */
export function browserMemory(): Memory {
  let opening: Promise<IDBDatabase | null> | null = null;
  const database = () => (opening ??= open());
  return {
    async load(user, streamer) {
      const kept = await run<unknown>(database, "readonly", (store) => store.get(key(user, streamer)));
      return isLogs(kept) ? kept : null;
    },
    async save(user, logs) {
      await run(database, "readwrite", (store) => {
        for (const [streamer, kept] of logs) store.put(kept, key(user, streamer));
        return undefined;
      });
    },
    async wipe() {
      await run(database, "readwrite", (store) => store.clear());
    },
  };
}

const key = (user: string, streamer: string): string => `${user}/${streamer}`;

/** What lies there may have been written by another version of the page. */
function isLogs(value: unknown): value is Logs {
  return typeof value === "object" && value !== null && Object.keys(NOTHING).every((name) => name in value);
}

function open(): Promise<IDBDatabase | null> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, VERSION);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}

async function run<T>(
  database: () => Promise<IDBDatabase | null>,
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest | undefined,
): Promise<T | null> {
  const db = await database();
  if (!db) return null;
  return new Promise((resolve) => {
    try {
      const transaction = db.transaction(STORE, mode);
      const request = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request ? (request.result as T) : null);
      transaction.onerror = transaction.onabort = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}
