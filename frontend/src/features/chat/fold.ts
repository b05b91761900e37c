/**
 * From a chat's log to its rows: each message once, what was removed marked, a gift of many subs as one row.
 *
 * Pure. A row is made once for its event and stays the same object, so that a row that did not change is not drawn
 * again. Removals are kept beside the rows: they also hold for rows that a reader looks at while the log goes on.
 */
import type { Log } from "@/lib/live/log";
import type { LiveEvent } from "@/lib/live/protocol";
import {
  announcementOf,
  messageOf,
  placeOf,
  text,
  type Announcement,
  type Message,
  type Place,
} from "./item";

export interface Gap {
  readonly kind: "gap";
  readonly key: string;
}
export interface Lagged {
  readonly kind: "lagged";
  readonly key: string;
  readonly count: number;
}
/** All that was said before is removed. */
export interface Cleared {
  readonly kind: "cleared";
  readonly key: string;
  readonly at: number;
}
export type Item = Message | Announcement | Gap | Lagged | Cleared;

export interface Removed {
  readonly messages: ReadonlySet<string>;
  /** Up to where all of a person's messages are removed. */
  readonly people: ReadonlyMap<string, Place>;
  /** Up to where everything is. */
  readonly all: Place | null;
  readonly epochs: readonly string[];
}

export interface Chat {
  readonly items: readonly Item[];
  readonly removed: Removed;
  /** The ids of all messages that are there, removed or not. */
  readonly ids: ReadonlySet<string>;
  /** Who got a sub, by the gift that it was a part of. */
  readonly recipients: ReadonlyMap<string, readonly string[]>;
}

const made = new WeakMap<LiveEvent, Item>();

function once<T extends Item>(event: LiveEvent, make: (event: LiveEvent) => T): T {
  const known = made.get(event) as T | undefined;
  if (known) return known;
  const item = make(event);
  made.set(event, item);
  return item;
}

/** The rows of a chat. */
export function foldChat(log: Log): Chat {
  const items: Item[] = [];
  const messages = new Set<string>();
  const people = new Map<string, Place>();
  const ids = new Set<string>();
  const gifts = new Set<string>();
  const recipients = new Map<string, string[]>();
  let all: Place | null = null;
  for (const row of log.rows) {
    if (row.kind !== "event") {
      const key = `${row.kind}/${row.position}`;
      items.push(row.kind === "gap" ? { kind: "gap", key } : { kind: "lagged", key, count: row.count });
      continue;
    }
    const { event } = row;
    switch (event.type) {
      case "channel.chat.message": {
        const item = once(event, messageOf);
        if (item.id !== "" && ids.has(item.id)) break;
        ids.add(item.id);
        items.push(item);
        break;
      }
      case "channel.chat.notification": {
        const item = once(event, announcementOf);
        ids.add(item.id);
        if (item.notice === "community_sub_gift") gifts.add(item.gift);
        if (item.recipient && gifts.has(item.gift)) {
          recipients.set(item.gift, [...(recipients.get(item.gift) ?? []), item.recipient]);
        } else items.push(item);
        break;
      }
      case "channel.chat.message_delete":
        messages.add(text(event.data, "message_id"));
        break;
      case "channel.chat.clear_user_messages":
        people.set(text(event.data, "target_user_id"), placeOf(event));
        break;
      case "channel.chat.clear":
        all = placeOf(event);
        items.push(
          once(event, ({ position, at }) => ({ kind: "cleared", key: position, at: Date.parse(at) || 0 })),
        );
    }
  }
  return { items, ids, recipients, removed: { messages, people, all, epochs: log.epochs } };
}

/** Whether what a row says was removed. */
export function isRemoved(item: Message | Announcement, removed: Removed): boolean {
  if (removed.messages.has(item.id)) return true;
  const upTo = removed.people.get(item.author.id);
  if (upTo && item.author.id !== "" && isBefore(item.place, upTo, removed.epochs)) return true;
  // What Twitch announces stays when a chat is cleared.
  return item.kind === "message" && removed.all !== null && isBefore(item.place, removed.all, removed.epochs);
}

function isBefore(one: Place, other: Place, epochs: readonly string[]): boolean {
  if (one.epoch === other.epoch) return one.offset < other.offset;
  return epochs.indexOf(one.epoch) < epochs.indexOf(other.epoch);
}

/** Whether `place` is after `other`; everything is after none. */
export const isAfter = (place: Place, other: Place | null, epochs: readonly string[]): boolean =>
  other === null || isBefore(other, place, epochs);
