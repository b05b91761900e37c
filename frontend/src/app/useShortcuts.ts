/** Single keys that lead somewhere, with a switch to turn them off (WCAG 2.1.4); none while something is typed. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { favourites } from "@/lib/api/queries";
import { liveFirst } from "@/lib/order";
import { useFolded } from "@/lib/useFolded";

const KEPT = "gstreamer.keys";

/** What each key does, in the order in which it is listed. */
export const KEYS: readonly (readonly [string, string])[] = [
  ["/", "Search channels"],
  ["h", "Home"],
  ["1 – 9", "Favourite by its place, live ones first"],
  ["f", "To the feed"],
  ["c", "Write in chat"],
  ["[  ]", "Previous and next chat, where there are several"],
  ["j  k", "Next and previous row, in the feed and in chat"],
  ["End", "Latest row, in the feed and in chat"],
  ["?", "This list"],
];

interface Shortcuts {
  readonly on: boolean;
  readonly setOn: (on: boolean) => void;
}

/**
 * Args:
 *   showKeys: Shows the list of keys.
 */
export function useShortcuts(showKeys: () => void): Shortcuts {
  const [, navigate] = useLocation();
  const order = liveFirst(useFolded(useQuery(favourites).data));
  const [on, setOn] = useState(() => localStorage.getItem(KEPT) !== "off");
  useEffect(() => {
    const act = (key: string): boolean => {
      const favourite = /^[1-9]$/.test(key) ? order[Number(key) - 1] : undefined;
      if (favourite) navigate(`/s/${favourite.login}`);
      else if (key === "/") navigate("/search");
      else if (key === "h") navigate("/");
      else if (key === "f") document.querySelector<HTMLElement>('[role=feed] [tabindex="0"]')?.focus();
      else if (key === "c") document.querySelector<HTMLElement>("[data-composer]")?.focus();
      else if (key === "[" || key === "]") showChat(key === "]" ? 1 : -1);
      else if (key === "?") showKeys();
      else return false;
      return true;
    };
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
      if (!on || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector("dialog[open]") || !act(event.key)) return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [navigate, order, on, showKeys]);
  const set = (next: boolean) => {
    localStorage.setItem(KEPT, next ? "on" : "off");
    setOn(next);
  };
  return { on, setOn: set };
}

/** Press the chat's tab that is so many places on, if there are several. */
function showChat(by: number): void {
  const tabs = [...document.querySelectorAll<HTMLElement>("[role=tablist] [role=tab]")];
  const shown = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
  tabs[(shown + by + tabs.length) % tabs.length]?.click();
}
