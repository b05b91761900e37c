/** The words of the live side. */
import type { Part } from "@/lib/api/shapes";
import type { StateFrame } from "@/lib/live/protocol";
import type { Status } from "@/lib/live/status";
import { many, timeOfDay } from "@/lib/words";

export type Tone = "good" | "calm" | "warn" | "bad" | "none";

interface Line {
  readonly tone: Tone;
  readonly words: string;
  readonly action?: string;
}

/** One sentence per close code that means: do not come back by yourself. */
const ENDED: Readonly<Record<number, Line>> = {
  4500: { tone: "bad", words: "The server did not take this page’s ticket", action: "Try again" },
  4501: { tone: "bad", words: "You were signed out" },
  4502: { tone: "bad", words: "This page is older than the server; reload it" },
  4503: { tone: "bad", words: "This page sent more than the server takes; reload it" },
  4504: { tone: "bad", words: "This page asked too often", action: "Try again" },
  4505: { tone: "warn", words: "Open in too many places", action: "Use here" },
  4506: { tone: "bad", words: "The server does not serve this address; open the page where it lives" },
};

/** The connection in words; what the server says of itself counts only while connected. */
export function connectionWords(status: Status, state: StateFrame | null): Line {
  switch (status.kind) {
    case "idle":
      return { tone: "none", words: "Not connected" };
    case "connecting":
      return { tone: "none", words: status.reason ? `Connecting; ${status.reason}` : "Connecting" };
    case "reconnecting":
      return { tone: "warn", words: "Reconnecting; what was missed will be fetched", action: "Retry now" };
    case "offline":
      return {
        tone: "warn",
        words: "This device is offline; what is missed will be fetched",
        action: "Retry now",
      };
    case "catching_up":
      return { tone: "calm", words: `Catching up, ${many(status.toGo, "streamer", "streamers")} to go` };
    case "ended":
      return (
        ENDED[status.code] ?? {
          tone: "bad",
          words: `The server ended the connection (${status.code})`,
          action: "Try again",
        }
      );
    case "live":
      return state === null ? { tone: "good", words: "Live" } : serverWords(state);
  }
}

function serverWords(state: StateFrame): Line {
  const since = Date.parse(state.since);
  const when = Number.isNaN(since) ? "" : ` since ${timeOfDay(since)}`;
  switch (state.state) {
    case "live":
      return { tone: "good", words: "Live" };
    case "catching_up":
      return { tone: "calm", words: "The server is catching up" };
    case "degraded":
      return { tone: "warn", words: `Events may be late${when}${state.reason ? `: ${state.reason}` : ""}` };
    case "grant_revoked":
      return { tone: "bad", words: "Twitch sign-in has ended" };
  }
}

const CLASS_WORDS = {
  chat: ["chat message", "chat messages"],
  state: ["count update", "count updates"],
  critical: ["event", "events"],
} as const;

export const laggedWords = (name: keyof typeof CLASS_WORDS, n: number): string =>
  `${many(n, CLASS_WORDS[name][0], CLASS_WORDS[name][1])} skipped: this connection was too slow for them`;

export const gapWords = (): string =>
  "Some events are missing here: they are older than what the server still holds";

export const newWords = (n: number): string => `${many(n, "new event", "new events")}, jump to latest`;

/** That Twitch cannot be asked, and what that means; null while it can. */
export function twitchWords({ state, since, reason }: Part): string | null {
  if (state === "ok") return null;
  const at = since === null ? NaN : Date.parse(since);
  const when = Number.isNaN(at) ? "" : ` since ${timeOfDay(at)}`;
  const why = reason ? ` (${reason})` : "";
  return `Twitch does not answer as it should${when}${why}: search, chat and what is said of channels may be old or missing.`;
}

/** What does not come of a streamer whose events Twitch does not send us. */
export function polledWords(name: string, reason: string): string {
  const why = reason ? ` (${reason})` : "";
  return (
    `Twitch sends no events of ${name} to this server, since it may ask for no more streamers${why}. ` +
    "Whether the stream is live is checked once a minute; raids, new titles and other events do not come."
  );
}

/** Why the visitor was signed out. */
export function endedWords(revoked: boolean): string {
  return revoked
    ? "Twitch sign-in has ended. Sign in again to go on."
    : "You were signed out. Sign in again to go on.";
}
