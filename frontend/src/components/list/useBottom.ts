/**
 * A list that follows its bottom until the reader scrolls up; reaching the bottom by hand, or a press, goes on.
 *
 * Where the bottom is, geometry says. Only a reader's hand pauses the list: rows that are measured move it too.
 */
import { useEffect, useLayoutEffect, useRef, useState, type PointerEvent, type RefObject } from "react";
import type { VListHandle } from "virtua";
import { BOTTOM_PX } from "@/config/limits";

export interface Keyed {
  readonly key: string;
}

/** The roles of lists that follow their bottom. */
export const LISTS = "[role=feed], [role=log]";

/** A scroll within this time after a press, a key or a turn of the wheel is the reader's. */
const BY_HAND_MS = 1_000;

/**
 * Args:
 *   list: The list's handle.
 *   items: Its rows.
 *   onStuck: Told when the list pauses (false) and when it follows again (true).
 */
export function useBottom(
  list: RefObject<VListHandle | null>,
  items: readonly Keyed[],
  onStuck?: (stuck: boolean) => void,
) {
  const [stuck, setStuck] = useState(true);
  const [seen, setSeen] = useState<string | null>(null);
  const touched = useRef(-BY_HAND_MS);
  // What `stuck` will be once it is painted: between a scroll and that, rows may be measured.
  const following = useRef(true);
  const last = items.at(-1)?.key ?? null;
  useLayoutEffect(() => {
    if (stuck && following.current && items.length > 0)
      list.current?.scrollToIndex(items.length - 1, { align: "end" });
  }, [list, stuck, items]);
  const frame = useRef<HTMLDivElement>(null);
  const empty = items.length === 0;
  useEffect(() => {
    const view = frame.current?.querySelector(LISTS);
    if (!stuck || !view) return;
    // Rows are measured after they are placed, and the window may change: what is followed stays followed.
    const follow = new ResizeObserver(() => {
      if (following.current) view.scrollTo(0, view.scrollHeight);
    });
    follow.observe(view);
    if (view.firstElementChild) follow.observe(view.firstElementChild);
    return () => follow.disconnect();
  }, [stuck, empty]);
  const follow = (now: boolean) => {
    following.current = now;
    setStuck(now);
    if (now !== stuck) onStuck?.(now);
  };
  const toEnd = () => list.current?.scrollToIndex(items.length - 1, { align: "end" });
  const onScroll = (offset: number) => {
    const view = list.current;
    if (!view) return;
    if (view.scrollSize - offset - view.viewportSize < BOTTOM_PX) return follow(true);
    if (!stuck) return;
    if (performance.now() - touched.current > BY_HAND_MS) return void toEnd();
    setSeen(last);
    follow(false);
  };
  const jump = () => {
    touched.current = -BY_HAND_MS;
    follow(true);
    toEnd();
  };
  const byHand = () => {
    touched.current = performance.now();
  };
  const from = items.findIndex((item) => item.key === seen);
  const unseen = stuck || from < 0 ? 0 : items.length - 1 - from;
  /** For the element around the list. */
  const hand = {
    ref: frame,
    onWheel: byHand,
    onTouchMove: byHand,
    onPointerDown: byHand,
    onPointerMove: (event: PointerEvent) => event.buttons > 0 && byHand(),
  };
  return { stuck, unseen, onScroll, jump, byHand, hand };
}
