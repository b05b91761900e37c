/**
 * What an event says, in words: a family (icon and colour), the sentence, and what stands below it.
 *
 * Pure, and total: data that lacks a field, or a type that is not known, gives a poorer sentence, never an error.
 */
import type { LiveEvent } from "@/lib/live/protocol";
import { count, many } from "@/lib/words";

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
  | "chat"
  | "notice"
  | "unknown";

/** A sentence in pieces; strong ones are names and numbers that carry it. */
export type Words = readonly (string | { readonly strong: string })[];

export interface Description {
  readonly family: Family;
  readonly words: Words;
  /** What was said or set: a title, a message. */
  readonly quote?: string;
  /** What the quote takes the place of. */
  readonly before?: string;
  /** The part of 1 that is done, where there is a goal. */
  readonly progress?: number;
}

type Data = LiveEvent["data"];
/** `previous` is what the streamer's last event of this type carried, if it is known. */
type Describe = (data: Data, event: LiveEvent, previous: Data | null) => Description;

const text = (data: Data, name: string): string =>
  typeof data[name] === "string" ? (data[name] as string) : "";
const number = (data: Data, name: string): number =>
  typeof data[name] === "number" ? (data[name] as number) : 0;
const inner = (data: Data, name: string): Data =>
  typeof data[name] === "object" && data[name] !== null ? (data[name] as Data) : {};
const strong = (value: string) => ({ strong: value });
const person = (data: Data, name: string): { strong: string } =>
  strong(data.is_anonymous === true ? "Somebody" : text(data, name) || "Somebody");
const quoted = (value: string): { quote?: string } => (value ? { quote: value } : {});
const tier = (data: Data): string =>
  ({ "2000": " at tier 2", "3000": " at tier 3" })[text(data, "tier")] ?? "";

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

const hype =
  (verb: string): Describe =>
  (data) => {
    const [progress, goal] = [number(data, "progress"), number(data, "goal")];
    return {
      family: "hype",
      words: [verb, strong(`level ${count(number(data, "level") || 1)}`)],
      ...(goal > 0 ? { progress: Math.min(1, progress / goal) } : {}),
    };
  };

const asked =
  (family: "poll" | "prediction", verb: string): Describe =>
  (data) => ({ family, words: [verb], ...quoted(text(data, "title")) });

const DESCRIBE: Readonly<Record<string, Describe>> = {
  "stream.online": () => ({ family: "online", words: ["Went ", strong("live")] }),
  "stream.offline": () => ({ family: "offline", words: ["Stream ended"] }),
  "channel.update": update,
  "channel.raid": raid,
  "channel.follow": (data) => ({ family: "follow", words: [person(data, "user_name"), " follows now"] }),
  "channel.subscribe": (data) => ({
    family: "sub",
    words: [person(data, "user_name"), " subscribed", tier(data)],
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
  "channel.hype_train.begin": hype("A hype train started at "),
  "channel.hype_train.progress": hype("The hype train is at "),
  "channel.hype_train.end": hype("The hype train ended at "),
  "channel.poll.begin": asked("poll", "A poll is open"),
  "channel.poll.progress": asked("poll", "A poll is open"),
  "channel.poll.end": asked("poll", "The poll is over"),
  "channel.prediction.begin": asked("prediction", "A prediction is open"),
  "channel.prediction.progress": asked("prediction", "A prediction is open"),
  "channel.prediction.lock": asked("prediction", "The prediction is locked"),
  "channel.prediction.end": asked("prediction", "The prediction is decided"),
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
};

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
