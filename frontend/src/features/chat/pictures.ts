/** Where the pictures of a chat are: emotes by Twitch's template, badges by their sets. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { badges as badgesQuery, emotes as emotesQuery } from "@/lib/api/queries";
import type { Badges, Emotes } from "@/lib/api/shapes";
import { DARK, STILL, useMedia } from "@/lib/useMedia";

export interface Pictures {
  emote(id: string, animated: boolean): string | null;
  badge(set: string, id: string): { readonly url: string; readonly title: string } | null;
}

/** The only host of pictures that the page's policy lets through besides its own. */
const HOST = "https://static-cdn.jtvnw.net/";

interface Look {
  readonly dark: boolean;
  /** Whether nothing may move. */
  readonly still: boolean;
}

/** The address of an emote's picture; null if the template gives none that may be shown. */
export function emoteUrl(template: string, id: string, animated: boolean, look: Look): string | null {
  const url = template
    .replaceAll("{{id}}", encodeURIComponent(id))
    .replaceAll("{{format}}", animated && !look.still ? "animated" : "static")
    .replaceAll("{{theme_mode}}", look.dark ? "dark" : "light")
    .replaceAll("{{scale}}", "2.0");
  return url.startsWith(HOST) && !url.includes("{{") ? url : null;
}

/** The pictures of a streamer's chat, as far as they are known. */
export function usePictures(streamer: string): Pictures {
  const template = useQuery(emotesQuery(streamer)).data?.template ?? "";
  const sets = useQuery(badgesQuery(streamer)).data;
  const dark = useMedia(DARK);
  const still = useMedia(STILL);
  return useMemo(() => picturesOf(template, sets ?? [], { dark, still }), [template, sets, dark, still]);
}

export function picturesOf(template: Emotes["template"], sets: Badges["badges"], look: Look): Pictures {
  const byId = new Map(sets.map((badge) => [`${badge.set_id}/${badge.id}`, badge]));
  return {
    emote: (id, animated) => emoteUrl(template, id, animated, look),
    badge(set, id) {
      const badge = byId.get(`${set}/${id}`);
      return badge ? { url: badge.url_2x || badge.url_1x, title: badge.title || set } : null;
    },
  };
}
