/** What a person has let gstreamer do at Twitch, by what it is for, and the way to let it do more. */
import type { Me } from "./shapes";

/** Groups of scopes, as the server names them. */
export type Group = "chat" | "follows" | "streamer" | "moderation";

/** A scope that only this group brings: where it is granted, the group is. */
const SIGN: Readonly<Record<Group, string>> = {
  chat: "user:write:chat",
  follows: "user:read:follows",
  streamer: "channel:bot",
  moderation: "moderator:read:chat_messages",
};

export const has = (me: Me, group: Group): boolean => me.scopes.includes(SIGN[group]);

/** Where to go to sign in, or to grant a group; back to `next` after it. */
export function loginUrl(next: string, group?: Group): string {
  const query = new URLSearchParams({ ...(group ? { scope: group } : {}), next });
  return `/api/auth/login?${query}`;
}
