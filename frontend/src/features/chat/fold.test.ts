/** A chat shows each message once, what was removed for nobody, and keeps the shape of the talk. */
import { describe, expect, test } from "vitest";
import { apply, EMPTY, type Log } from "@/lib/live/log";
import type { LiveEvent } from "@/lib/live/protocol";
import { foldChat, isAfter, isRemoved, type Chat, type Item } from "./fold";

const event = (position: string, type: string, data: Record<string, unknown>): LiveEvent => ({
  id: position,
  type: `channel.chat.${type}`,
  version: "1",
  streamer_id: "1",
  at: "2026-01-01T20:15:00Z",
  position,
  class: "chat",
  data,
});
const said = (position: string, id: string, user = "u1", text = id): LiveEvent =>
  event(position, "message", {
    message_id: id,
    chatter_user_id: user,
    chatter_user_login: user,
    chatter_user_name: user,
    message: { text, fragments: [{ type: "text", text }] },
  });
const logOf = (...events: LiveEvent[]): Log => apply(EMPTY, { type: "events", streamer_id: "1", events });
const fold = (...events: LiveEvent[]): Chat => foldChat(logOf(...events));
const shown = ({ items, removed }: Chat): string[] =>
  items.map((item) => ("author" in item ? (isRemoved(item, removed) ? "removed" : item.text) : item.kind));

test("a message that came twice is one row", () => {
  expect(shown(fold(said("e:1", "a"), said("e:2", "a"), said("e:3", "b")))).toEqual(["a", "b"]);
});

test("rows of events that stay are the same objects after more is said", () => {
  const log = logOf(said("e:1", "a"));
  const before = foldChat(log).items[0];

  const more = apply(log, { type: "events", streamer_id: "1", events: [said("e:2", "b")] });

  expect(foldChat(more).items[0]).toBe(before);
});

describe("what a moderator removes", () => {
  test("one message, whichever comes first", () => {
    const removal = (position: string) => event(position, "message_delete", { message_id: "a" });

    expect(shown(fold(said("e:1", "a"), said("e:2", "b"), removal("e:3")))).toEqual(["removed", "b"]);
    expect(shown(fold(removal("e:0"), said("e:1", "a")))).toEqual(["removed"]);
  });

  test("all of a person up to then, and of nobody else", () => {
    const chat = fold(
      said("e:1", "a", "u1"),
      said("e:2", "b", "u2"),
      event("e:3", "clear_user_messages", { target_user_id: "u1" }),
      said("e:4", "c", "u1"),
    );

    expect(shown(chat)).toEqual(["removed", "b", "c"]);
  });

  test("everything up to then, which is told by a row", () => {
    const chat = fold(said("e:1", "a"), event("e:2", "clear", {}), said("e:3", "b"));

    expect(shown(chat)).toEqual(["removed", "cleared", "b"]);
  });

  test("what was said in the epoch before is before", () => {
    const chat = fold(said("e:9", "a"), said("f:0", "b"), event("f:1", "clear", {}), said("f:2", "c"));

    expect(shown(chat)).toEqual(["removed", "removed", "cleared", "c"]);
  });

  test("rows that somebody still reads, after the log has dropped them", () => {
    const [old] = fold(said("e:1", "a", "u1")).items as [Item & { author: unknown }];
    const later = fold(
      event("e:8", "clear_user_messages", { target_user_id: "u1" }),
      event("e:9", "message_delete", { message_id: "x" }),
    );

    expect(isRemoved(old as never, later.removed)).toBe(true);
  });
});

test("a gift of many subs is one row, and says who got them; a single gift is its own", () => {
  const notice = (position: string, data: Record<string, unknown>) =>
    event(position, "notification", { message_id: position, chatter_user_name: "Moth", ...data });
  const one = (position: string, name: string, gift?: string) =>
    notice(position, {
      notice_type: "sub_gift",
      sub_gift: { recipient_user_name: name, ...(gift ? { community_gift_id: gift } : {}) },
    });

  const chat = fold(
    notice("e:1", { notice_type: "community_sub_gift", community_sub_gift: { id: "g", total: 2 } }),
    one("e:2", "Odo", "g"),
    one("e:3", "Pia", "g"),
    one("e:4", "Lia"),
  );

  expect(chat.items.map((item) => item.key)).toEqual(["e:1", "e:4"]);
  expect(chat.recipients.get("g")).toEqual(["Odo", "Pia"]);
});

test("holes are rows of their own", () => {
  const log = [
    { type: "events", streamer_id: "1", events: [said("e:1", "a")] } as const,
    { type: "lagged", streamer_id: "1", class: "chat", from: "e:2", to: "e:4", count: 3 } as const,
    {
      type: "subscribed",
      streamer_id: "1",
      position: "e:9",
      recovery: { gap: { from: "e:5", to: "e:9" } },
    } as const,
  ].reduce(apply, EMPTY);

  expect(foldChat(log).items.map((item) => item.kind)).toEqual(["message", "lagged", "gap"]);
});

test("everything is after no place, and nothing after its own", () => {
  const place = { epoch: "e", offset: 4 };

  expect(isAfter(place, null, ["e"])).toBe(true);
  expect(isAfter(place, place, ["e"])).toBe(false);
  expect(isAfter({ epoch: "f", offset: 0 }, place, ["e", "f"])).toBe(true);
});
