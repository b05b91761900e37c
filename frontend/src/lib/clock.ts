/** One clock for all that ages on the page, so that a hundred rows need one timer. */
import { useSyncExternalStore } from "react";

const TICK_MS = 15_000;

function clock() {
  const listeners = new Set<() => void>();
  let now = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    get: () => now,
    subscribe(listener: () => void) {
      listeners.add(listener);
      timer ??= setInterval(() => {
        now = Date.now();
        for (const each of listeners) each();
      }, TICK_MS);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}

const shared = clock();

/** The time, some seconds old at most. */
export const useNow = (): number => useSyncExternalStore(shared.subscribe, shared.get);
