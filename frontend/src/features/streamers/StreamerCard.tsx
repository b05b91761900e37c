/** A streamer in a list: who, whether live, with what, and the star. */
import { Link } from "wouter";
import { FavouriteButton } from "@/components/FavouriteButton";
import { Avatar, hueOf } from "@/components/ui/Avatar";
import { LiveBadge } from "@/components/ui/LiveBadge";
import { useNow } from "@/lib/clock";
import type { Streamer } from "@/lib/api/shapes";
import { lasting, many } from "@/lib/words";
import css from "./StreamerCard.module.css";

/** The large form: a live stream that invites to watch. */
export function LiveCard({ streamer }: { readonly streamer: Streamer }) {
  const now = useNow();
  const since = streamer.started_at === null ? NaN : Date.parse(streamer.started_at);
  return (
    <li className={css.card} style={{ ["--hue" as string]: hueOf(streamer.id) }}>
      <div className={css.poster}>
        <span className={css.wave} aria-hidden="true" />
        <Avatar id={streamer.id} name={streamer.display_name} url={streamer.avatar_url} size={64} />
        <span className={css.badge}>
          <LiveBadge />
          {!Number.isNaN(since) && <span className={css.since}>{lasting(since, now)}</span>}
        </span>
        {streamer.viewers !== null && (
          <span className={css.viewers}>{many(streamer.viewers, "viewer", "viewers")}</span>
        )}
      </div>
      <div className={css.words}>
        <h3>
          <Link href={`/s/${streamer.login}`} className={css.link}>
            {streamer.display_name}
          </Link>
        </h3>
        <p className={css.streamTitle}>{streamer.title ?? "No title"}</p>
        <p className={css.category}>{streamer.category ?? "No category"}</p>
        <div className={css.star}>
          <FavouriteButton streamer={streamer} />
        </div>
      </div>
    </li>
  );
}

/** The small form: one line of a result list. */
export function StreamerLine({ streamer }: { readonly streamer: Streamer }) {
  return (
    <li className={css.line}>
      <Avatar
        id={streamer.id}
        name={streamer.display_name}
        url={streamer.avatar_url}
        size={44}
        live={streamer.live}
      />
      <div className={css.lineWords}>
        <h3>
          <Link href={`/s/${streamer.login}`} className={css.link}>
            {streamer.display_name}
          </Link>
          {streamer.live && <LiveBadge />}
        </h3>
        <p>
          {streamer.live
            ? [streamer.category, streamer.title].filter(Boolean).join(" · ") || "Live now"
            : streamer.title || "Offline"}
        </p>
      </div>
      <div className={css.star}>
        <FavouriteButton streamer={streamer} />
      </div>
    </li>
  );
}
