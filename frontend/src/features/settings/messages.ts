/** The words of the settings. */
import type { Group } from "@/lib/api/grants";
import { many } from "@/lib/words";

interface Offer {
  readonly group: Group;
  readonly title: string;
  readonly words: string;
  readonly action: string;
}

/** What can be turned on, each with what Twitch is asked for. */
export const OFFERS: readonly Offer[] = [
  {
    group: "chat",
    title: "Chat",
    words: "Read chats here instead of in Twitch’s frame, and write in your name.",
    action: "Turn on chat",
  },
  {
    group: "follows",
    title: "Channels you follow",
    words: "See whom you follow at Twitch, to make favourites of them.",
    action: "Allow it",
  },
  {
    group: "streamer",
    title: "Events of your own channel",
    words:
      "For streamers: subs, gifts, cheers, follows, polls, hype trains and chat of your channel reach those who watch it here.",
    action: "Turn on events",
  },
  {
    group: "moderation",
    title: "Moderation of your own channel",
    words:
      "For streamers and moderators: bans, warnings, held messages, shown to you only. Nothing can be done by it.",
    action: "Turn on moderation events",
  },
];

export function importedWords(added: number, leftOut: number): string {
  const told =
    added === 0 ? "All of them are favourites already" : `${many(added, "channel", "channels")} added`;
  return leftOut > 0 ? `${told}; ${leftOut} had no room` : told;
}

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\//, "Edge"],
  [/Firefox\//, "Firefox"],
  [/Chrome\/|Chromium\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"],
];

/** A browser as people call it; its own words where that cannot be told. */
export function browserWords(agent: string): string {
  const name = (list: typeof BROWSERS) => list.find(([pattern]) => pattern.test(agent))?.[1];
  const [browser, system] = [name(BROWSERS), name(SYSTEMS)];
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? (agent.slice(0, 60) || "A browser that does not say which it is");
}
