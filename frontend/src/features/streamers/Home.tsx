/** Home's main part: which favourites are live, and what to do when there are none. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { Failure, Notice, Skeleton } from "@/components/ui/Notice";
import { favourites } from "@/lib/api/queries";
import { liveFirst } from "@/lib/order";
import { useFolded } from "@/lib/useFolded";
import { many } from "@/lib/words";
import { LiveCard, StreamerLine } from "./StreamerCard";
import css from "./Home.module.css";

export function LiveNow() {
  const query = useQuery(favourites);
  const streamers = useFolded(query.data);
  const live = liveFirst(streamers).filter((streamer) => streamer.live);
  const rest = liveFirst(streamers).filter((streamer) => !streamer.live);
  return (
    <section className={css.home} aria-busy={query.isPending}>
      <header className={css.head}>
        <h1 tabIndex={-1}>Live now</h1>
        {query.data && query.data.length > 0 && (
          <p>
            {live.length} of {many(streamers.length, "favourite", "favourites")}
          </p>
        )}
      </header>
      {query.isPending && <Skeleton rows={2} height={220} />}
      {query.isError && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data?.length === 0 && (
        <Notice icon="star" title="Pick your first streamer" action={<SearchLink />}>
          Search a Twitch channel and press its star. It is followed from that moment, whether it is live or
          not.
        </Notice>
      )}
      {query.data && query.data.length > 0 && live.length === 0 && (
        <Notice icon="offline" title="Nobody is live" action={<SearchLink />}>
          The moment one of your favourites goes live it is here, and in the feed.
        </Notice>
      )}
      <ul className={css.grid}>
        {live.map((streamer) => (
          <LiveCard key={streamer.id} streamer={streamer} />
        ))}
      </ul>
      {rest.length > 0 && (
        <>
          <h2 className={css.rest}>Not live</h2>
          <ul className={css.lines}>
            {rest.map((streamer) => (
              <StreamerLine key={streamer.id} streamer={streamer} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function SearchLink() {
  return (
    <Link href="/search" className={css.link}>
      Search channels
    </Link>
  );
}
