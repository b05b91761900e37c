/** One row of a list is in the tab order; arrows, `j` and `k`, Page keys, Home and End move through the others. */
import { useState, type KeyboardEvent, type RefObject } from "react";
import type { VListHandle } from "virtua";
import { LISTS, type Keyed } from "./useBottom";

const PAGE = 8;

const STEPS: Readonly<Record<string, (place: number, last: number) => number>> = {
  ArrowDown: (place) => place + 1,
  j: (place) => place + 1,
  ArrowUp: (place) => place - 1,
  k: (place) => place - 1,
  PageDown: (place) => place + PAGE,
  PageUp: (place) => place - PAGE,
  Home: () => 0,
  End: (_, last) => last,
};

/** Which row is in the tab order (the last one until a reader chose), and what keys do in the list. */
export function useRows(list: RefObject<VListHandle | null>, items: readonly Keyed[]) {
  const [chosen, setChosen] = useState<string | null>(null);
  const last = items.length - 1;
  const found = items.findIndex((item) => item.key === chosen);
  const current = found < 0 ? last : found;
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const move = Object.hasOwn(STEPS, event.key) ? STEPS[event.key] : undefined;
    const row = (event.target as HTMLElement).closest("[aria-posinset]");
    if (!move || row !== event.target || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(last, move(Number(row.getAttribute("aria-posinset")) - 1, last)));
    const rows = row.closest(LISTS);
    setChosen(items[next]?.key ?? null);
    list.current?.scrollToIndex(next, { align: "nearest" });
    // The row may have to be made first: two frames, and it is there.
    const focus = () =>
      rows?.querySelector<HTMLElement>(`[aria-posinset="${next + 1}"]`)?.focus({ preventScroll: true });
    requestAnimationFrame(() => requestAnimationFrame(focus));
  };
  return { current, onKeyDown };
}
