/** The favourites beside everything: who is live on top, one press from their page. */
import { useQuery } from "@tanstack/react-query";
import { Link, useRoute } from "wouter";
import { Avatar } from "@/components/ui/Avatar";
import { Icon } from "@/components/ui/Icon";
import { Failure, Skeleton } from "@/components/ui/Notice";
import { favourites } from "@/lib/api/queries";
import type { Streamer } from "@/lib/api/shapes";
import { liveFirst } from "@/lib/order";
import { useFolded } from "@/lib/useFolded";
import { short } from "@/lib/words";
import css from "./Rail.module.css";

export function Rail() {
  const query = useQuery(favourites);
  const streamers = liveFirst(useFolded(query.data));
  const live = streamers.filter((streamer) => streamer.live);
  const rest = streamers.filter((streamer) => !streamer.live);
  return (
    <div className={css.rail} aria-busy={query.isPending}>
      {query.isPending && <Skeleton rows={6} height={44} />}
      {query.isError && !query.data && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data?.length === 0 && (
        <p className={css.empty}>
          No favourites yet. <Link href="/search">Search a channel</Link> and press its star.
        </p>
      )}
      <Group title="Live" streamers={live} />
      <Group title="Offline" streamers={rest} />
    </div>
  );
}

function Group({ title, streamers }: { readonly title: string; readonly streamers: readonly Streamer[] }) {
  if (streamers.length === 0) return null;
  return (
    <section aria-label={`${title} favourites`}>
      <h2 className={css.title}>
        {title} <span>{streamers.length}</span>
      </h2>
      <ul>
        {streamers.map((streamer) => (
          <Entry key={streamer.id} streamer={streamer} />
        ))}
      </ul>
    </section>
  );
}

function Entry({ streamer }: { readonly streamer: Streamer }) {
  const [, route] = useRoute<{ logins: string }>("/s/:logins");
  const here = route?.logins.split(",").includes(streamer.login) ?? false;
  return (
    <li className={streamer.live ? "" : css.offline}>
      <Link href={`/s/${streamer.login}`} className={css.entry} aria-current={here ? "page" : undefined}>
        <Avatar id={streamer.id} name={streamer.display_name} url={streamer.avatar_url} size={32} />
        <span className={css.words}>
          <span className={css.name}>{streamer.display_name}</span>
          <span className={css.what}>{streamer.live ? (streamer.category ?? "Live") : "Offline"}</span>
        </span>
        {streamer.live && (
          <span className={css.viewers}>
            <i className={css.dot} />
            {streamer.viewers === null ? (
              <span className="visually-hidden">live</span>
            ) : (
              short(streamer.viewers)
            )}
          </span>
        )}
      </Link>
    </li>
  );
}

/** The way to search, as the rail's first entry. */
export function SearchEntry() {
  const [here] = useRoute("/search");
  return (
    <Link href="/search" className={css.nav} aria-current={here ? "page" : undefined}>
      <Icon name="search" /> Search channels <kbd>/</kbd>
    </Link>
  );
}

export function HomeEntry() {
  const [here] = useRoute("/");
  return (
    <Link href="/" className={css.nav} aria-current={here ? "page" : undefined}>
      <Icon name="home" /> Home
    </Link>
  );
}
