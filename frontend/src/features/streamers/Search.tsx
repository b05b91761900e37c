/** Find a channel and make it a favourite; what was asked for is in the address. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import { Icon } from "@/components/ui/Icon";
import { Failure, Notice, Skeleton } from "@/components/ui/Notice";
import { SEARCH_DELAY_MS } from "@/config/limits";
import { search } from "@/lib/api/queries";
import { useFolded } from "@/lib/useFolded";
import { many } from "@/lib/words";
import { StreamerLine } from "./StreamerCard";
import css from "./Search.module.css";

const MAX_QUERY = 100;

export function Search() {
  const [params] = useSearchParams();
  const asked = (params.get("q") ?? "").trim().slice(0, MAX_QUERY);
  const query = useQuery({ ...search(asked), placeholderData: keepPreviousData });
  const results = useFolded(asked === "" ? undefined : query.data);
  return (
    <section className={css.search}>
      <h1 tabIndex={-1}>Search channels</h1>
      <SearchBox asked={asked} />
      <p className="visually-hidden" role="status">
        {query.isSuccess && asked && many(query.data.length, "channel", "channels")}
      </p>
      {asked === "" && (
        <Notice icon="search" title="Who do you like to watch?">
          Type a channel’s name. Press the star of a channel to follow it.
        </Notice>
      )}
      {asked !== "" && query.isLoading && <Skeleton rows={5} height={68} />}
      {asked !== "" && query.isError && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {asked !== "" && query.data?.length === 0 && !query.isPlaceholderData && (
        <Notice icon="search" title={`No channel matches “${asked}”`}>
          Try a part of the name, or the name as it stands in the channel’s address.
        </Notice>
      )}
      <ul className={query.isPlaceholderData ? css.stale : ""}>
        {results.map((streamer) => (
          <StreamerLine key={streamer.id} streamer={streamer} />
        ))}
      </ul>
    </section>
  );
}

function SearchBox({ asked }: { readonly asked: string }) {
  const [typed, setTyped] = useState(asked);
  const [, navigate] = useLocation();
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => box.current?.focus(), []);
  useEffect(() => {
    if (typed.trim() === asked) return;
    const timer = setTimeout(() => {
      const query = typed.trim();
      navigate(query ? `/search?q=${encodeURIComponent(query)}` : "/search", { replace: true });
    }, SEARCH_DELAY_MS);
    return () => clearTimeout(timer);
  }, [typed, asked, navigate]);
  return (
    <label className={css.box}>
      <Icon name="search" size={20} />
      <span className="visually-hidden">Name of a channel</span>
      <input
        ref={box}
        type="search"
        name="q"
        value={typed}
        maxLength={MAX_QUERY}
        placeholder="Name of a channel"
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
      />
    </label>
  );
}
