/** What the page asks of REST, each with its key; live events never write here, they only make it ask again. */
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { HEALTH_MS, REFRESH_MS } from "@/config/limits";
import { act, ask, ProblemError } from "./client";
import { Badges, Emotes, Favourites, Health, Me, Sessions, Streamers, type Streamer } from "./shapes";

export const FAVOURITES_KEY = ["favourites"] as const;
export const ME_KEY = ["me"] as const;

export const health = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => ask(Health, "/api/health", signal),
  refetchInterval: HEALTH_MS,
});

/** Who is signed in; null if nobody is. */
export const me = queryOptions({
  queryKey: ME_KEY,
  queryFn: async ({ signal }) => {
    try {
      return await ask(Me, "/api/me", signal);
    } catch (error) {
      if (error instanceof ProblemError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: REFRESH_MS,
});

export const favourites = queryOptions({
  queryKey: FAVOURITES_KEY,
  queryFn: async ({ signal }) => (await ask(Favourites, "/api/favourites", signal)).favourites,
  refetchInterval: REFRESH_MS,
});

export const search = (query: string) =>
  queryOptions({
    queryKey: ["search", query],
    queryFn: async ({ signal }) =>
      (await ask(Streamers, `/api/streamers?query=${encodeURIComponent(query)}`, signal)).streamers,
    enabled: query !== "",
    staleTime: REFRESH_MS,
  });

/** The streamer of exactly this login; null if Twitch knows none. */
export const byLogin = (login: string) =>
  queryOptions({
    queryKey: ["streamer", login],
    queryFn: async ({ signal }) =>
      (await ask(Streamers, `/api/streamers?login=${encodeURIComponent(login)}`, signal)).streamers[0] ??
      null,
    refetchInterval: REFRESH_MS,
  });

/** Whether the streamers are made up. */
export const useSimulated = (): boolean => useQuery(health).data?.simulator ?? false;

/** Add or remove a favourite: shown at once, taken back with the server's sentence if it refuses. */
export function useFavourite() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ streamer, add }: { streamer: Streamer; add: boolean }) =>
      act(add ? "PUT" : "DELETE", `/api/favourites/${encodeURIComponent(streamer.id)}`),
    async onMutate({ streamer, add }) {
      await client.cancelQueries({ queryKey: FAVOURITES_KEY });
      const before = client.getQueryData<Streamer[]>(FAVOURITES_KEY);
      const others = (before ?? []).filter((other) => other.id !== streamer.id);
      client.setQueryData(FAVOURITES_KEY, add ? [...others, streamer] : others);
      return { before };
    },
    onError: (_error, _variables, context) => client.setQueryData(FAVOURITES_KEY, context?.before),
    onSettled: () => client.invalidateQueries({ queryKey: FAVOURITES_KEY }),
  });
}

const SETS_MS = 3_600_000;

/** Emotes and badges of a streamer's chat; without them the chat shows their words. */
export const emotes = (streamer: string) =>
  queryOptions({
    queryKey: ["emotes", streamer],
    queryFn: ({ signal }) => ask(Emotes, `/api/streamers/${encodeURIComponent(streamer)}/emotes`, signal),
    staleTime: SETS_MS,
  });

export const badges = (streamer: string) =>
  queryOptions({
    queryKey: ["badges", streamer],
    queryFn: async ({ signal }) =>
      (await ask(Badges, `/api/streamers/${encodeURIComponent(streamer)}/badges`, signal)).badges,
    staleTime: SETS_MS,
  });

export const SESSIONS_KEY = ["sessions"] as const;

export const sessions = queryOptions({
  queryKey: SESSIONS_KEY,
  queryFn: async ({ signal }) => (await ask(Sessions, "/api/auth/sessions", signal)).sessions,
});
