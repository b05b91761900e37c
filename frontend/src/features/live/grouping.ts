/**
 * From logs to what stands in the feed: rows of several streamers in one order, alike ones joined.
 *
 * Pure. Within a streamer the order is the log's; across streamers it is by time. A row's key never changes while
 * it stands, so that what a reader looks at is never rebuilt under their eyes.
 */
import type { Log, Row } from "@/lib/live/log";
import type { EventClass, LiveEvent } from "@/lib/live/protocol";

export interface EventItem {
  readonly kind: "event";
  readonly key: string;
  readonly streamer: string;
  readonly at: number;
  readonly event: LiveEvent;
  /** Every event that the row stands for, oldest first; `event` is the newest. */
  readonly events: readonly LiveEvent[];
  /** The streamer's event of the same type before this one, where what it changes is told. */
  readonly previous: LiveEvent | null;
}
export interface GapItem {
  readonly kind: "gap";
  readonly key: string;
  readonly streamer: string;
  readonly at: number;
}
export interface LaggedItem {
  readonly kind: "lagged";
  readonly key: string;
  readonly streamer: string;
  readonly at: number;
  readonly class: EventClass;
  readonly count: number;
}
export type Item = EventItem | GapItem | LaggedItem;

const TOGETHER_MS = 60_000;
/** Alike ones within a minute are one row. */
export const JOINED: ReadonlySet<string> = new Set([
  "channel.cheer",
  "channel.subscribe",
  "channel.follow",
  "channel.channel_points_custom_reward_redemption.add",
]);
/** One row that is brought up to date: what names its subject. */
const LIVING: readonly string[] = [
  "channel.hype_train.",
  "channel.poll.",
  "channel.prediction.",
  "channel.goal.",
  "channel.charity_campaign.",
];
/** Counts that are shown elsewhere. */
const UPDATE = "channel.update";
const SILENT = new Set(["gs.viewers"]);

/** The rows of one streamer's log, as they stand in a feed. */
export function group(streamer: string, log: Log): readonly Item[] {
  const items: Item[] = [];
  const living = new Map<string, number>();
  let update: LiveEvent | null = null;
  let at = 0;
  for (const row of log.rows) {
    if (row.kind !== "event") {
      items.push(holeOf(row, streamer, at));
      continue;
    }
    const { event } = row;
    if (isSilent(event)) continue;
    // A log's order is what counts: a clock that ran backwards at Twitch must not tear it.
    at = Math.max(at, Date.parse(event.at) || 0);
    const place = joinedTo(items, event, at, living);
    if (place !== null) {
      const old = items[place] as EventItem;
      items[place] = { ...old, event, events: [...old.events, event] };
      continue;
    }
    const previous = event.type === UPDATE ? update : null;
    if (event.type === UPDATE) update = event;
    const key = `${streamer}/${row.position}`;
    const subject = subjectOf(event);
    if (subject) living.set(subject, items.length);
    items.push({ kind: "event", key, streamer, at, event, events: [event], previous });
  }
  return items;
}

/** Rows of several streamers in one order by time; each streamer's own order stays. */
export function merge(lists: readonly (readonly Item[])[]): readonly Item[] {
  const full = lists.filter((list) => list.length > 0);
  if (full.length < 2) return full[0] ?? [];
  // Sorting is stable and each list ascends by `at`, so ties keep the order of their own list.
  return full.flat().sort((a, b) => a.at - b.at);
}

/** A cheer is told by its own event too. */
function isSilent({ type, data }: LiveEvent): boolean {
  return SILENT.has(type) || (type === "channel.bits.use" && data.type === "cheer");
}

function holeOf(row: Exclude<Row, { kind: "event" }>, streamer: string, at: number): GapItem | LaggedItem {
  const key = `${streamer}/${row.kind}/${row.position}`;
  return row.kind === "gap"
    ? { kind: "gap", key, streamer, at }
    : { kind: "lagged", key: `${key}/${row.class}`, streamer, at, class: row.class, count: row.count };
}

function joinedTo(
  items: readonly Item[],
  event: LiveEvent,
  at: number,
  living: Map<string, number>,
): number | null {
  const subject = subjectOf(event);
  if (subject) return living.get(subject) ?? null;
  const last = items.at(-1);
  if (!JOINED.has(event.type) || last?.kind !== "event" || last.event.type !== event.type) return null;
  return at - last.at <= TOGETHER_MS ? items.length - 1 : null;
}

function subjectOf(event: LiveEvent): string | null {
  const family = LIVING.find((prefix) => event.type.startsWith(prefix));
  const id = event.data.id;
  return family && typeof id === "string" ? `${family}${id}` : null;
}
