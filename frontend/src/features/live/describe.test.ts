/** Every event has words, whatever it carries. */
import { describe as suite, expect, test } from "vitest";
import type { LiveEvent } from "@/lib/live/protocol";
import { describe, plain } from "./describe";

const event = (type: string, data: Record<string, unknown> = {}): LiveEvent => ({
  id: "m",
  type,
  version: "1",
  streamer_id: "1",
  at: "2026-01-01T00:00:00Z",
  position: "e:1",
  class: "critical",
  data,
});
const words = (...args: Parameters<typeof event>) => plain(describe(event(...args)).words);

test.each<[string, string, Record<string, unknown>]>([
  ["Went live", "stream.online", {}],
  ["Stream ended", "stream.offline", {}],
  ["Raid from Pia with 1,204 viewers", "channel.raid", { from_broadcaster_user_name: "Pia", viewers: 1_204 }],
  [
    "Raids Bo with 1 viewer",
    "channel.raid",
    { from_broadcaster_user_id: "1", to_broadcaster_user_name: "Bo", viewers: 1 },
  ],
  ["Somebody cheered 100 bits", "channel.cheer", { is_anonymous: true, user_name: "x", bits: 100 }],
  [
    "Moth gave 5 subs at tier 2 to the community",
    "channel.subscription.gift",
    { user_name: "Moth", total: 5, tier: "2000" },
  ],
  [
    "Odo subscribed for 14 months",
    "channel.subscription.message",
    { user_name: "Odo", cumulative_months: 14 },
  ],
  ["The hype train is at level 3", "channel.hype_train.progress", { level: 3 }],
  ["channel.new_thing", "channel.new_thing", { any: 1 }],
  ["toString", "toString", {}],
])("%s", (said, type, data) => {
  expect(words(type, data)).toBe(said);
});

suite("an update says what changed", () => {
  const update = (title: string, category_name: string) => event("channel.update", { title, category_name });

  test("the category, when it is new or nothing is known before", () => {
    expect(plain(describe(update("a", "Chess")).words)).toBe("Now in Chess");
    expect(describe(update("b", "Chess"), update("a", "Celeste"))).toMatchObject({ quote: "b", before: "a" });
  });

  test("the title, when the category stays", () => {
    expect(plain(describe(update("b", "Chess"), update("a", "Chess")).words)).toBe("New title");
  });

  test("neither: something else changed, and nothing is struck through", () => {
    const described = describe(update("a", "Chess"), update("a", "Chess"));

    expect(plain(described.words)).toBe("Changed the channel");
    expect(described.before).toBeUndefined();
  });
});

test("progress is a part of one, and none without a goal", () => {
  expect(describe(event("channel.hype_train.progress", { progress: 500, goal: 400 })).progress).toBe(1);
  expect(describe(event("channel.hype_train.progress", { progress: 500 })).progress).toBeUndefined();
});

test.each([
  "channel.update",
  "channel.raid",
  "channel.cheer",
  "channel.subscribe",
  "channel.subscription.gift",
  "channel.subscription.message",
  "channel.poll.begin",
  "channel.prediction.lock",
  "channel.chat.message",
  "channel.chat.notification",
  "channel.follow",
])("%s without any field, or with fields of wrong types, still has words", (type) => {
  expect(words(type)).not.toBe("");
  expect(words(type, { user_name: 7, title: [], viewers: "x", bits: null, message: 3, total: {} })).not.toBe(
    "",
  );
});
