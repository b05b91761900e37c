/**
 * What stands in a chat, read from Twitch's events.
 *
 * Pure, and total: an event that lacks a field, or whose field is of another type, gives a poorer row, never an
 * error. Text is text: nothing here makes HTML.
 */
import { parsePosition, type LiveEvent } from "@/lib/live/protocol";

export interface Badge {
  readonly set: string;
  readonly id: string;
}

export type Fragment =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly url: string }
  | { readonly kind: "emote"; readonly text: string; readonly id: string; readonly animated: boolean }
  | { readonly kind: "cheer"; readonly text: string; readonly bits: number; readonly tier: number }
  | { readonly kind: "mention"; readonly text: string; readonly user: string };

/** Where an event stands: epochs in the order in which they were met, offsets within one. */
export interface Place {
  readonly epoch: string;
  readonly offset: number;
}

export interface Author {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  /** As its owner set it; "" if they did not. */
  readonly color: string;
  readonly badges: readonly Badge[];
}

export interface Quoted {
  readonly id: string;
  readonly name: string;
  readonly text: string;
}

export interface Message {
  readonly kind: "message";
  readonly key: string;
  readonly at: number;
  readonly place: Place;
  /** Twitch's message id. */
  readonly id: string;
  readonly author: Author;
  readonly text: string;
  readonly fragments: readonly Fragment[];
  readonly reply: Quoted | null;
  /** What sets it apart, in words; "" if nothing does. */
  readonly label: string;
}

export interface Announcement {
  readonly kind: "announcement";
  readonly key: string;
  readonly at: number;
  readonly place: Place;
  readonly id: string;
  readonly notice: string;
  readonly words: string;
  readonly author: Author;
  readonly text: string;
  readonly fragments: readonly Fragment[];
  /** What a gift of many subs is called, on the gift and on each of its subs. */
  readonly gift: string;
  /** On one sub of such a gift: to whom. */
  readonly recipient: string;
}

type Fields = Readonly<Record<string, unknown>>;

export const text = (from: Fields, name: string): string =>
  typeof from[name] === "string" ? (from[name] as string) : "";
const number = (from: Fields, name: string): number =>
  typeof from[name] === "number" ? (from[name] as number) : 0;
const inner = (from: Fields, name: string): Fields => fields(from[name]);
const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const list = (from: Fields, name: string): readonly Fields[] => {
  const value = from[name];
  return Array.isArray(value) ? value.map(fields) : [];
};

/** The place of an event. */
export const placeOf = (event: LiveEvent): Place => {
  const { epoch, offset } = parsePosition(event.position) ?? { epoch: "", offset: 0 };
  return { epoch, offset };
};

const LABELS: Readonly<Record<string, string>> = {
  channel_points_highlighted: "Highlighted by channel points",
  channel_points_sub_only: "Sent in subscribers’ mode",
  user_intro: "First message here",
  power_ups_message_effect: "With an effect",
  power_ups_gigantified_emote: "With a large emote",
};

/** A chat message; `key` is its own among all rows of the chat. */
export function messageOf(event: LiveEvent): Message {
  const { data } = event;
  const message = inner(data, "message");
  const said = fragmentsOf(message);
  const reply = inner(data, "reply");
  const elsewhere = text(data, "source_broadcaster_user_name");
  const bits = number(inner(data, "cheer"), "bits");
  return {
    kind: "message",
    key: event.position,
    at: Date.parse(event.at) || 0,
    place: placeOf(event),
    id: text(data, "message_id"),
    author: authorOf(data),
    text: text(message, "text"),
    fragments: said,
    reply: text(reply, "parent_message_id")
      ? {
          id: text(reply, "parent_message_id"),
          name: text(reply, "parent_user_name"),
          text: text(reply, "parent_message_body"),
        }
      : null,
    label:
      LABELS[text(data, "message_type")] ??
      (bits > 0 ? `Cheered ${bits} bits` : elsewhere ? `Said in ${elsewhere}’s chat` : ""),
  };
}

/** What Twitch announces in a chat: subs, gifts, raids and so on. */
export function announcementOf(event: LiveEvent): Announcement {
  const { data } = event;
  const message = inner(data, "message");
  const one = inner(data, "sub_gift");
  return {
    kind: "announcement",
    key: event.position,
    at: Date.parse(event.at) || 0,
    place: placeOf(event),
    id: text(data, "message_id"),
    notice: text(data, "notice_type") || "unknown",
    words: text(data, "system_message"),
    author: authorOf(data),
    text: text(message, "text"),
    fragments: fragmentsOf(message),
    gift: text(one, "community_gift_id") || text(inner(data, "community_sub_gift"), "id"),
    recipient: text(one, "recipient_user_name"),
  };
}

function authorOf(data: Fields): Author {
  const anonymous = data.chatter_is_anonymous === true;
  const login = text(data, "chatter_user_login");
  return {
    id: anonymous ? "" : text(data, "chatter_user_id"),
    login: anonymous ? "" : login,
    name: anonymous ? "Somebody" : text(data, "chatter_user_name") || login || "Somebody",
    color: text(data, "color"),
    badges: list(data, "badges").map((badge) => ({ set: text(badge, "set_id"), id: text(badge, "id") })),
  };
}

function fragmentsOf(message: Fields): readonly Fragment[] {
  const parts = list(message, "fragments");
  if (parts.length === 0) return linked(text(message, "text"));
  return parts.flatMap((part): readonly Fragment[] => {
    const said = text(part, "text");
    switch (text(part, "type")) {
      case "emote": {
        const emote = inner(part, "emote");
        const id = text(emote, "id");
        const formats = Array.isArray(emote.format) ? emote.format : [];
        return id
          ? [{ kind: "emote", text: said, id, animated: formats.includes("animated") }]
          : linked(said);
      }
      case "cheermote": {
        const cheer = inner(part, "cheermote");
        return [{ kind: "cheer", text: said, bits: number(cheer, "bits"), tier: number(cheer, "tier") || 1 }];
      }
      case "mention":
        return [{ kind: "mention", text: said, user: text(inner(part, "mention"), "user_id") }];
      default:
        return linked(said);
    }
  });
}

const URL_LIKE = /\bhttps?:\/\/[^\s<>"]+[^\s<>"'.,;:!?)\]}]/gi;

/** A text with its addresses as links; only what a browser reads as http or https is one. */
export function linked(said: string): readonly Fragment[] {
  const pieces: Fragment[] = [];
  let end = 0;
  for (const found of said.matchAll(URL_LIKE)) {
    if (!URL.canParse(found[0])) continue;
    if (found.index > end) pieces.push({ kind: "text", text: said.slice(end, found.index) });
    pieces.push({ kind: "link", text: found[0], url: found[0] });
    end = found.index + found[0].length;
  }
  if (end < said.length) pieces.push({ kind: "text", text: said.slice(end) });
  return pieces;
}
