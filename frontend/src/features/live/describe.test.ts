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

suite("events of a streamer's grant", () => {
  const coin = { value: 1250, decimal_places: 2, currency: "USD" };

  test.each<[string, string, Record<string, unknown>]>([
    [
      "Odo got a gifted sub at tier 3",
      "channel.subscribe",
      { user_name: "Odo", is_gift: true, tier: "3000" },
    ],
    ["A golden Kappa train started at level 1", "channel.hype_train.begin", { type: "golden_kappa" }],
    ["The poll was ended early", "channel.poll.end", { status: "terminated" }],
    ["The prediction was called off, points go back", "channel.prediction.end", { status: "canceled" }],
    [
      "On the way to a goal: 40 of 100 followers",
      "channel.goal.progress",
      { type: "follow", current_amount: 40, target_amount: 100 },
    ],
    [
      "A goal was reached: 100 of 100",
      "channel.goal.end",
      { type: "new_kind", is_achieved: true, current_amount: 100, target_amount: 100 },
    ],
    ["Pia gave $12.50 to the charity", "channel.charity_campaign.donate", { user_name: "Pia", amount: coin }],
    [
      "Odo redeemed Drink water",
      "channel.channel_points_custom_reward_redemption.add",
      { user_name: "Odo", status: "unfulfilled", reward: { title: "Drink water" } },
    ],
    [
      "Odo redeemed random sub emote unlock",
      "channel.channel_points_automatic_reward_redemption.add",
      { user_name: "Odo", reward: { type: "random_sub_emote_unlock" } },
    ],
    ["Ads for 90 seconds", "channel.ad_break.begin", { duration_seconds: 90 }],
    ["Got a shoutout from Bo", "channel.shoutout.receive", { from_broadcaster_user_name: "Bo" }],
    ["Odo was timed out", "channel.ban", { user_name: "Odo", is_permanent: false }],
    ["Odo was banned", "channel.ban", { user_name: "Odo", is_permanent: true }],
    [
      "Shares the chat with Bo",
      "channel.shared_chat.begin",
      {
        broadcaster_user_id: "1",
        participants: [
          { broadcaster_user_id: "1", broadcaster_user_name: "Pia" },
          { broadcaster_user_id: "2", broadcaster_user_name: "Bo" },
        ],
      },
    ],
  ])("%s", (said, type, data) => {
    expect(words(type, data)).toBe(said);
  });

  test.each([
    "channel.charity_campaign.start",
    "channel.goal.begin",
    "channel.poll.progress",
    "channel.prediction.lock",
    "channel.channel_points_custom_reward.add",
    "channel.moderate",
    "channel.bits.use",
  ])("%s has words even if it carries nothing", (type) => {
    for (const data of [{}, { choices: 7, outcomes: [null], current_amount: "x", reward: [] }])
      expect(words(type, data)).not.toContain(type);
  });

  test("what is voted on shows the part that each has, and who won when it is over", () => {
    const choices = [
      { title: "yes", votes: 3 },
      { title: "no", votes: 1 },
    ];

    expect(describe(event("channel.poll.progress", { choices })).options).toEqual([
      { label: "yes", share: 0.75, words: "3", won: false },
      { label: "no", share: 0.25, words: "1", won: false },
    ]);
    expect(describe(event("channel.poll.end", { choices })).options?.map(({ won }) => won)).toEqual([
      true,
      false,
    ]);
  });

  test("a prediction's winner is the outcome that Twitch names", () => {
    const outcomes = [
      { id: "a", title: "win", channel_points: 0 },
      { id: "b", title: "lose", channel_points: 0 },
    ];
    const { options } = describe(event("channel.prediction.end", { outcomes, winning_outcome_id: "b" }));

    expect(options?.map(({ share, won }) => [share, won])).toEqual([
      [0, false],
      [0, true],
    ]);
  });
});
