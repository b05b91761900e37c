/** The words of events that come by a streamer's grant: contests, goals, points, money, shoutouts, moderation. */
import type { EventData } from "@/lib/live/events.generated";
import { count, many } from "@/lib/words";
import type { Describe, Option } from "./describe";
import { inner, list, money, number, person, quoted, share, strong, text, type Data } from "./facts";

const TRAINS: Readonly<Record<string, string>> = {
  golden_kappa: "golden Kappa train",
  treasure: "treasure train",
};

const train =
  (verb: string): Describe =>
  (data) => ({
    family: "hype",
    words: [
      `${verb.replace("#", TRAINS[text(data, "type")] ?? "hype train")} `,
      strong(`level ${count(number(data, "level") || 1)}`),
    ],
    ...share(number(data, "progress"), number(data, "goal")),
  });

/** Options with what each got; the one that won is marked. */
function options(from: readonly Data[], got: string, won: (option: Data) => boolean): readonly Option[] {
  const all = from.reduce((sum, option) => sum + number(option, got), 0);
  return from.map((option) => ({
    label: text(option, "title"),
    share: all > 0 ? number(option, got) / all : 0,
    words: count(number(option, got)),
    won: won(option),
  }));
}

const POLL_ENDS: Readonly<Record<string, string>> = { terminated: "The poll was ended early" };

const poll =
  (over: boolean): Describe =>
  (data) => {
    const choices = list(data, "choices");
    const most = Math.max(0, ...choices.map((choice) => number(choice, "votes")));
    return {
      family: "poll",
      words: [over ? (POLL_ENDS[text(data, "status")] ?? "The poll is over") : "A poll is open"],
      ...quoted(text(data, "title")),
      options: options(choices, "votes", (choice) => over && most > 0 && number(choice, "votes") === most),
    };
  };

const prediction =
  (verb: string): Describe =>
  (data) => {
    const winner = text(data, "winning_outcome_id");
    const off = text(data, "status") === "canceled";
    return {
      family: "prediction",
      words: [off ? "The prediction was called off, points go back" : verb],
      ...quoted(text(data, "title")),
      options: options(
        list(data, "outcomes"),
        "channel_points",
        (outcome) => winner !== "" && text(outcome, "id") === winner,
      ),
    };
  };

const GOALS: Readonly<Record<string, string>> = {
  follow: "followers",
  subscription: "sub points",
  subscription_count: "subs",
  new_subscription: "new sub points",
  new_subscription_count: "new subs",
  new_bit: "bits",
  new_cheerer: "cheerers",
};

const goal =
  (verb: string): Describe =>
  (data) => {
    const [now, target] = [number(data, "current_amount"), number(data, "target_amount")];
    const what = GOALS[text(data, "type")] ?? "";
    return {
      family: "goal",
      words: [
        `${data.is_achieved === true ? "A goal was reached" : verb}: `,
        strong(`${count(now)} of ${count(target)}`),
        what && ` ${what}`,
      ],
      ...quoted(text(data, "description")),
      ...share(now, target),
    };
  };

const charity =
  (verb: string): Describe =>
  (data) => {
    const [now, target] = [inner(data, "current_amount"), inner(data, "target_amount")];
    return {
      family: "charity",
      words: [
        `${verb} `,
        strong(text(data, "charity_name") || "a charity"),
        `: ${money(now)} of ${money(target)}`,
      ],
      ...share(number(now, "value"), number(target, "value")),
    };
  };

const reward =
  (verb: string): Describe =>
  (data) => ({
    family: "points",
    words: [
      `${verb} `,
      strong(text(data, "title") || "a reward"),
      ` for ${many(number(data, "cost"), "point", "points")}`,
    ],
  });

const REDEEMED: Readonly<Record<string, string>> = {
  fulfilled: " got ",
  canceled: " got the points back for ",
};

const redemption: Describe = (data) => {
  const from = inner(data, "reward");
  return {
    family: "points",
    words: [
      person(data, "user_name"),
      REDEEMED[text(data, "status")] ?? " redeemed ",
      strong(text(from, "title") || text(from, "type").replaceAll("_", " ") || "a reward"),
    ],
    ...quoted(text(data, "user_input")),
  };
};

const moderated =
  (...said: readonly string[]): Describe =>
  (data) => ({
    family: "mod",
    words: [person(data, "user_name"), said[data.is_permanent === false ? 1 : 0] ?? said[0] ?? ""],
    ...quoted(text(data, "reason")),
  });

const shared =
  (verb: string): Describe =>
  (data) => {
    const others = list(data, "participants").filter(
      (one) => text(one, "broadcaster_user_id") !== text(data, "broadcaster_user_id"),
    );
    const names = others.map((one) => text(one, "broadcaster_user_name")).filter(Boolean);
    return {
      family: "chat",
      words: [verb, ...(names.length > 0 ? [" with ", strong(names.join(", "))] : [])],
    };
  };

const said =
  (family: "mod" | "chat" | "update", words: string): Describe =>
  () => ({ family, words: [words] });

export const GRANTED = {
  "channel.hype_train.begin": train("A # started at"),
  "channel.hype_train.progress": train("The # is at"),
  "channel.hype_train.end": train("The # ended at"),
  "channel.poll.begin": poll(false),
  "channel.poll.progress": poll(false),
  "channel.poll.end": poll(true),
  "channel.prediction.begin": prediction("A prediction is open"),
  "channel.prediction.progress": prediction("A prediction is open"),
  "channel.prediction.lock": prediction("The prediction is locked"),
  "channel.prediction.end": prediction("The prediction is decided"),
  "channel.goal.begin": goal("A goal was set"),
  "channel.goal.progress": goal("On the way to a goal"),
  "channel.goal.end": goal("A goal ended"),
  "channel.charity_campaign.start": charity("Collects for"),
  "channel.charity_campaign.progress": charity("Collects for"),
  "channel.charity_campaign.stop": charity("Collected for"),
  "channel.charity_campaign.donate": (data) => ({
    family: "charity",
    words: [
      person(data, "user_name"),
      " gave ",
      strong(money(inner(data, "amount"))),
      ` to ${text(data, "charity_name") || "the charity"}`,
    ],
  }),
  "channel.channel_points_custom_reward.add": reward("New reward:"),
  "channel.channel_points_custom_reward.update": reward("A reward was changed:"),
  "channel.channel_points_custom_reward.remove": reward("A reward is gone:"),
  "channel.channel_points_custom_reward_redemption.add": redemption,
  "channel.channel_points_custom_reward_redemption.update": redemption,
  "channel.channel_points_automatic_reward_redemption.add": redemption,
  "channel.ad_break.begin": (data) => ({
    family: "ad",
    words: ["Ads for ", strong(many(number(data, "duration_seconds"), "second", "seconds"))],
  }),
  "channel.shoutout.create": (data) => ({
    family: "shoutout",
    words: ["Gives a shoutout to ", person(data, "to_broadcaster_user_name")],
  }),
  "channel.shoutout.receive": (data) => ({
    family: "shoutout",
    words: ["Got a shoutout from ", person(data, "from_broadcaster_user_name")],
  }),
  "channel.bits.use": (data) => ({
    family: "cheer",
    words: [
      person(data, "user_name"),
      " used ",
      strong(many(number(data, "bits"), "bit", "bits")),
      text(data, "type") === "power_up" ? " for a power-up" : "",
    ],
    ...quoted(text(inner(data, "message"), "text")),
  }),
  "channel.shared_chat.begin": shared("Shares the chat"),
  "channel.shared_chat.update": shared("Shares the chat"),
  "channel.shared_chat.end": shared("Shares the chat no more"),
  "channel.chat_settings.update": said("chat", "The chat’s rules were changed"),
  "user.update": said("update", "Changed the profile"),
  "channel.ban": moderated(" was banned", " was timed out"),
  "channel.unban": moderated(" may write again"),
  "channel.moderate": (data) => ({
    family: "mod",
    words: [
      person(data, "moderator_user_name"),
      " used ",
      strong(text(data, "action").replaceAll("_", " ") || "a moderator’s right"),
    ],
  }),
  "channel.unban_request.create": moderated(" asks to be unbanned"),
  "channel.unban_request.resolve": moderated("’s request was decided"),
  "channel.warning.send": moderated(" was warned"),
  "channel.warning.acknowledge": moderated(" has read the warning"),
  "channel.suspicious_user.message": moderated(", who is watched, wrote"),
  "channel.suspicious_user.update": moderated(" is watched differently now"),
  "channel.vip.add": moderated(" is a VIP now"),
  "channel.vip.remove": moderated(" is a VIP no more"),
  "channel.moderator.add": moderated(" moderates now"),
  "channel.moderator.remove": moderated(" moderates no more"),
  "channel.shield_mode.begin": said("mod", "Shield mode is on"),
  "channel.shield_mode.end": said("mod", "Shield mode is off"),
  "automod.message.hold": moderated(" has a message held"),
  "automod.message.update": moderated("’s held message was decided"),
} satisfies Partial<Record<keyof EventData, Describe>>;
