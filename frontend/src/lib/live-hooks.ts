/** React's way into the live store: a selector's result, new only when what it selects changed. */
import { createContext, useContext, useSyncExternalStore } from "react";
import type { LivePage } from "./live/page";
import type { Live } from "./live/store";

export const LiveContext = createContext<LivePage | null>(null);

/** The live side of this page. */
export function useLivePage(): LivePage {
  const page = useContext(LiveContext);
  if (!page) throw new Error("there is no LiveContext above");
  return page;
}

/** What `select` picks; it must give the same object for the same state. */
export function useLive<T>(select: (live: Live) => T): T {
  const { store } = useLivePage();
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}
