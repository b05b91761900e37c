/** Keeps the live side following whoever the page shows: the favourites, and those that are watched. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useRoute } from "wouter";
import { MAX_FOLLOWED } from "@/config/limits";
import { byLogin, favourites } from "@/lib/api/queries";
import type { Me } from "@/lib/api/shapes";
import { useLivePage } from "@/lib/live-hooks";
import { loginsOf } from "./watched";

export function useFollow(me: Me): void {
  const live = useLivePage();
  const [, route] = useRoute<{ logins: string }>("/s/:logins");
  const watched = useQueries({ queries: loginsOf(route?.logins ?? "").map((login) => byLogin(login)) });
  const { data } = useQuery(favourites);
  const seen = watched.flatMap((query) => query.data?.id ?? []);
  const ids = [...seen, ...(data ?? []).map((streamer) => streamer.id)];
  const key = [...new Set(ids)].slice(0, MAX_FOLLOWED).join();
  // Chat is read only where it is on screen.
  const chat = seen.join();
  const { id: user } = me;
  const grants = [...me.scopes].sort().join();
  useEffect(() => live.follow({ user, grants }, split(key), split(chat)), [live, user, grants, key, chat]);
}

const split = (ids: string): readonly string[] => (ids === "" ? [] : ids.split(","));
