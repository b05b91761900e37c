/**
 * What an event says, in words: a family (icon and colour), the sentence, and what stands below it.
 *
 * Pure, and total: data that lacks a field, or a type that is not known, gives a poorer sentence, never an error.
 */
import type { EventData } from "@/lib/live/events.generated";
import type { LiveEvent } from "@/lib/live/protocol";
import { many } from "@/lib/words";
import { inner, number, person, quoted, strong, text, tier, type Data, type Words } from "./facts";
import { GRANTED } from "./granted";

export type { Words } from "./facts";

export type Family =
  | "online"
  | "offline"
  | "update"
  | "raid"
  | "sub"
  | "gift"
  | "cheer"
  | "follow"
  | "hype"
  | "poll"
  | "prediction"
  | "goal"
  | "charity"
  | "points"
  | "ad"
  | "shoutout"
  | "mod"
  | "chat"
  | "notice"
  | "unknown";

export interface Description {
  readonly family: Family;
  readonly words: Words;
  /** What was said or set: a title, a message. */
  readonly quote?: string;
  /** What the quote takes the place of. */
  readonly before?: string;
  /** The part of 1 that is done, where there is a goal. */
  readonly progress?: number;
  readonly options?: readonly Option[];
}

/** One of the things that are voted or bet on. */
export interface Option {
  readonly label: string;
  /** Its part of all, 0 to 1. */
  readonly share: number;
  readonly words: string;
  readonly won: boolean;
}

/** `previous` is what the streamer's last event of this type carried, if it is known. */
export type Describe = (data: Data, event: LiveEvent, previous: Data | null) => Description;

const update: Describe = (data, _event, previous) => {
  const [title, category] = [text(data, "title"), text(data, "category_name")];
  const old = previous ? text(previous, "title") : "";
  const moved = category !== "" && (previous === null || text(previous, "category_name") !== category);
  return {
    family: "update",
    words: moved ? ["Now in ", strong(category)] : old === title ? ["Changed the channel"] : ["New title"],
    ...(old !== "" && old !== title ? { before: old } : {}),
    ...quoted(title),
  };
};

const raid: Describe = (data, event) => {
  const size = strong(many(number(data, "viewers"), "viewer", "viewers"));
  return text(data, "from_broadcaster_user_id") === event.streamer_id
    ? { family: "raid", words: ["Raids ", person(data, "to_broadcaster_user_name"), " with ", size] }
    : { family: "raid", words: ["Raid from ", person(data, "from_broadcaster_user_name"), " with ", size] };
};

const gift: Describe = (data) => ({
  family: "gift",
  words: [
    person(data, "user_name"),
    " gave ",
    strong(many(number(data, "total") || 1, "sub", "subs")),
    tier(data),
    " to the community",
  ],
});

/** Types that stand in no feed: shown elsewhere, or never sent to a viewer. */
type Elsewhere =
  | "gs.viewers"
  | "user.authorization.grant"
  | "user.authorization.revoke"
  | "user.whisper.message"
  | "conduit.shard.disabled"
  | "channel.chat.message_delete"
  | "channel.chat.clear_user_messages"
  | "channel.chat.clear"
  | "channel.chat.user_message_hold"
  | "channel.chat.user_message_update";

/** Every type of the catalogue has its words: one that is new there does not compile here. */
const KNOWN = {
  ...GRANTED,
  "stream.online": () => ({ family: "online", words: ["Went ", strong("live")] }),
  "stream.offline": () => ({ family: "offline", words: ["Stream ended"] }),
  "channel.update": update,
  "channel.raid": raid,
  "channel.follow": (data) => ({ family: "follow", words: [person(data, "user_name"), " follows now"] }),
  "channel.subscribe": (data) => ({
    family: "sub",
    words: [
      person(data, "user_name"),
      data.is_gift === true ? " got a gifted sub" : " subscribed",
      tier(data),
    ],
  }),
  "channel.subscription.gift": gift,
  "channel.subscription.message": (data) => ({
    family: "sub",
    words: [
      person(data, "user_name"),
      " subscribed for ",
      strong(many(number(data, "cumulative_months"), "month", "months")),
    ],
    ...quoted(text(inner(data, "message"), "text")),
  }),
  "channel.subscription.end": (data) => ({
    family: "sub",
    words: [person(data, "user_name"), "’s subscription ended"],
  }),
  "channel.cheer": (data) => ({
    family: "cheer",
    words: [person(data, "user_name"), " cheered ", strong(many(number(data, "bits"), "bit", "bits"))],
    ...quoted(text(data, "message")),
  }),
  "channel.chat.message": (data) => ({
    family: "chat",
    words: [person(data, "chatter_user_name")],
    ...quoted(text(inner(data, "message"), "text")),
  }),
  "channel.chat.notification": (data) => ({
    family: "notice",
    words: [text(data, "system_message") || "Notice in chat"],
    ...quoted(text(inner(data, "message"), "text")),
  }),
} satisfies Record<Exclude<keyof EventData, Elsewhere>, Describe>;

const DESCRIBE: Readonly<Record<string, Describe>> = KNOWN;

/** What an event says; one of a type that is not known shows its name. */
export function describe(event: LiveEvent, previous: LiveEvent | null = null): Description {
  const known = Object.hasOwn(DESCRIBE, event.type) ? DESCRIBE[event.type] : undefined;
  return known
    ? known(event.data, event, previous?.data ?? null)
    : { family: "unknown", words: [strong(event.type)] };
}

/** A description as plain text, for summaries and names. */
export const plain = (words: Words): string =>
  words.map((word) => (typeof word === "string" ? word : word.strong)).join("");
