/** The words of the chat. */
import { list, many } from "@/lib/words";
import type { Status } from "@/lib/live/status";
import type { Outgoing } from "./outbox";

export const REMOVED = "message removed";
export const CLEARED = "A moderator cleared the chat";
export const GAP = "Some of what was said is missing here: it is older than what the server still holds";

export const laggedWords = (count: number): string =>
  `${many(count, "message", "messages")} skipped: this connection was too slow for them`;

export const newWords = (count: number): string =>
  count > 0 ? `${many(count, "new message", "new messages")}, jump to latest` : "Jump to latest";

const MAX_NAMES = 12;

/** Who got the subs of a gift. */
export function recipientWords(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES);
  const rest = names.length - shown.length;
  return `To ${list(rest > 0 ? [...shown, many(rest, "other", "others")] : shown)}`;
}

/** What has become of a message that is not shown by its event yet. */
export function outgoingWords({ state }: Outgoing): string {
  switch (state.kind) {
    case "sending":
      return "Sending";
    case "taken":
      return "Sent, not shown yet";
    case "unconfirmed":
      return "Twitch took it but has not shown it";
    case "failed":
      return `Not sent: ${state.words}`;
  }
}

/** Why nothing can be sent now; null if it can. */
export function blockedWords(status: Status, waitMs: number, tooLong: number): string | null {
  if (status.kind !== "live" && status.kind !== "catching_up")
    return "Not connected: what you type stays here";
  if (tooLong > 0) return `${many(tooLong, "character", "characters")} too long`;
  if (waitMs > 0) return `Wait ${Math.ceil(waitMs / 1_000)} s`;
  return null;
}

/** Badges that are worth a word where their picture cannot be had. */
export const BADGE_WORDS: Readonly<Record<string, string>> = {
  broadcaster: "host",
  moderator: "mod",
  lead_moderator: "mod",
  vip: "vip",
  subscriber: "sub",
  founder: "founder",
  staff: "staff",
};
