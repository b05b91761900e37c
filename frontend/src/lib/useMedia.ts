/** What the reader's device or settings say, kept up to date. */
import { useCallback, useSyncExternalStore } from "react";

export const PHONE = "(width < 900px)";
export const DARK = "(prefers-color-scheme: dark)";
export const STILL = "(prefers-reduced-motion: reduce)";

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const media = matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}
