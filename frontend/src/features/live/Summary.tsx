/** What happened, for those who listen: one polite summary at most each five seconds, and nothing of the past. */
import { useEffect, useRef, useState } from "react";
import type { Streamer } from "@/lib/api/shapes";
import { list, many } from "@/lib/words";
import { describe, plain } from "./describe";
import type { Item } from "./grouping";

const EVERY_MS = 5_000;
const TOLD_AT_MOST = 3;

interface Props {
  readonly items: readonly Item[];
  readonly streamers: ReadonlyMap<string, Streamer>;
}

export function Summary({ items, streamers }: Props) {
  const [said, setSaid] = useState("");
  const now = useRef({ items, streamers });
  useEffect(() => {
    now.current = { items, streamers };
  }, [items, streamers]);
  useEffect(() => {
    let known = new Set(now.current.items.map((item) => item.key));
    const timer = setInterval(() => {
      const fresh = now.current.items.filter((item) => item.kind === "event" && !known.has(item.key));
      // The first rows of a page are its past, not news.
      const past = known.size === 0;
      known = new Set(now.current.items.map((item) => item.key));
      if (fresh.length > 0 && !past) setSaid(summary(fresh, now.current.streamers));
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <p className="visually-hidden" aria-live="polite">
      {said}
    </p>
  );
}

function summary(items: readonly Item[], streamers: ReadonlyMap<string, Streamer>): string {
  const sentences = items.slice(-TOLD_AT_MOST).flatMap((item) => {
    if (item.kind !== "event") return [];
    const name = streamers.get(item.streamer)?.display_name;
    const words = plain(describe(item.event, item.previous).words);
    return [name ? `${name}: ${words}` : words];
  });
  const told = list(sentences);
  return items.length > TOLD_AT_MOST ? `${many(items.length, "event", "events")}, the last: ${told}` : told;
}
