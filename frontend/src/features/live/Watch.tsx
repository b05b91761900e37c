/** One to four streams, what is known of each, and their events. */
import { useQueries, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link, useSearchParams } from "wouter";
import { FavouriteButton } from "@/components/FavouriteButton";
import { Avatar } from "@/components/ui/Avatar";
import { Icon } from "@/components/ui/Icon";
import { LiveBadge } from "@/components/ui/LiveBadge";
import { Failure, Notice, Skeleton } from "@/components/ui/Notice";
import { MAX_WATCHED } from "@/config/limits";
import { byLogin, favourites, health, useSimulated } from "@/lib/api/queries";
import type { Streamer } from "@/lib/api/shapes";
import { useNow } from "@/lib/clock";
import { liveFirst } from "@/lib/order";
import { useFolded } from "@/lib/useFolded";
import { PHONE, useMedia } from "@/lib/useMedia";
import { lasting, list, many } from "@/lib/words";
import { StreamerState } from "./ConnectionLine";
import { Feed } from "./Feed";
import { polledWords } from "./messages";
import { Player } from "./Player";
import css from "./Watch.module.css";

interface Props {
  readonly logins: readonly string[];
  /** Draws the chats of the streamers on screen. */
  readonly chat: (streamers: readonly Streamer[]) => ReactNode;
}

export function Watch({ logins, chat }: Props) {
  const phone = useMedia(PHONE);
  const [pane, setPane] = usePane();
  const simulated = useSimulated();
  const queries = useQueries({ queries: logins.map((login) => byLogin(login)) });
  const found = useFolded(queries.flatMap((query) => query.data ?? []));
  const failed = queries.find((query) => query.isError && !query.data);
  const missing = logins.filter((_, place) => queries[place]?.data === null);
  const names = list(found.map((streamer) => streamer.display_name));
  return (
    <div className={css.watch}>
      <div className={css.stage}>
        {failed?.error && (
          <Failure error={failed.error} onRetry={() => queries.forEach((query) => void query.refetch())} />
        )}
        {queries.some((query) => query.isPending) && <Skeleton rows={1} height={420} />}
        {missing.length > 0 && (
          <Notice
            icon="search"
            title={`No channel is called ${list(missing)}`}
            action={<Link href="/search">Search channels</Link>}
          >
            It may have been renamed, or the address has a typing mistake.
          </Notice>
        )}
        <div className={css.players} data-count={found.length}>
          {found.map((streamer, place) => (
            <section key={streamer.id} aria-label={streamer.display_name} className={css.stream}>
              <Player streamer={streamer} simulated={simulated} muted={place > 0} small={found.length > 1} />
              <About streamer={streamer} logins={logins} single={found.length === 1} first={place === 0} />
            </section>
          ))}
        </div>
        {phone && <PhoneTabs pane={pane} onPane={setPane} />}
        {(!phone || pane === "events") && (
          <div className={css.feed}>
            <Feed title={found.length > 1 ? `Events of ${names}` : "Events"} streamers={found} />
          </div>
        )}
        {!phone && <AlsoLive logins={logins} />}
      </div>
      {(!phone || pane === "chat") && <div className={css.chat}>{chat(found)}</div>}
    </div>
  );
}

type Pane = "events" | "chat";

/** Which of the two a phone shows; it is in the address. */
function usePane(): readonly [Pane, (pane: Pane) => void] {
  const [params, setParams] = useSearchParams();
  const set = (pane: Pane) =>
    setParams(
      (before) => {
        before.set("show", pane);
        return before;
      },
      { replace: true },
    );
  return [params.get("show") === "chat" ? "chat" : "events", set];
}

function PhoneTabs({ pane, onPane }: { readonly pane: Pane; readonly onPane: (pane: Pane) => void }) {
  return (
    <div role="group" aria-label="Below the stream" className={css.panes}>
      <button type="button" aria-pressed={pane === "events"} onClick={() => onPane("events")}>
        Events
      </button>
      <button type="button" aria-pressed={pane === "chat"} onClick={() => onPane("chat")}>
        Chat
      </button>
    </div>
  );
}

interface AboutProps {
  readonly streamer: Streamer;
  readonly logins: readonly string[];
  readonly single: boolean;
  readonly first: boolean;
}

function About({ streamer, logins, single, first }: AboutProps) {
  const now = useNow();
  const since = streamer.started_at === null ? NaN : Date.parse(streamer.started_at);
  return (
    <div className={single ? css.about : `${css.about} ${css.small}`}>
      <Avatar
        id={streamer.id}
        name={streamer.display_name}
        url={streamer.avatar_url}
        size={single ? 56 : 40}
        live={streamer.live}
      />
      <div className={css.words}>
        {first ? <h1 tabIndex={-1}>{streamer.display_name}</h1> : <h2>{streamer.display_name}</h2>}
        <p className={css.title}>{streamer.title ?? "No title"}</p>
        <p className={css.facts}>
          {streamer.live ? <LiveBadge /> : <span className={css.offline}>Offline</span>}
          {streamer.category && <span>{streamer.category}</span>}
          {streamer.live && streamer.viewers !== null && (
            <span>{many(streamer.viewers, "viewer", "viewers")}</span>
          )}
          {streamer.live && !Number.isNaN(since) && <span>{lasting(since, now)}</span>}
        </p>
      </div>
      <div className={css.actions}>
        <FavouriteButton streamer={streamer} worded={single} />
        {!single && (
          <Link
            href={`/s/${logins.filter((login) => login !== streamer.login).join(",")}`}
            className={css.leave}
            aria-label={`Close ${streamer.display_name}`}
            title={`Close ${streamer.display_name}`}
          >
            <Icon name="close" />
          </Link>
        )}
      </div>
      <StreamerState streamer={streamer.id} name={streamer.display_name} />
      {streamer.delivery === "polled" && <Polled name={streamer.display_name} />}
    </div>
  );
}

/** What does not come of a streamer that is only asked for now and then, and why. */
function Polled({ name }: { readonly name: string }) {
  const part = useQuery(health).data?.parts.subscriptions;
  return (
    <p className={css.polled} role="note">
      <Icon name="warn" size={16} />
      <span>{polledWords(name, part?.reason ?? "")}</span>
    </p>
  );
}

/** Favourites that are live too: one press to go there, one to watch them beside. */
function AlsoLive({ logins }: { readonly logins: readonly string[] }) {
  const { data } = useQuery(favourites);
  const others = liveFirst(useFolded(data)).filter((other) => other.live && !logins.includes(other.login));
  if (others.length === 0) return null;
  return (
    <section className={css.also} aria-label="Also live">
      <h2>Also live</h2>
      <ul>
        {others.map((other) => (
          <li key={other.id}>
            <Link href={`/s/${other.login}`} className={css.other}>
              <Avatar id={other.id} name={other.display_name} url={other.avatar_url} size={36} />
              <span>
                <b>{other.display_name}</b>
                <span>{other.category ?? "Live"}</span>
              </span>
            </Link>
            {logins.length < MAX_WATCHED && (
              <Link
                href={`/s/${[...logins, other.login].join(",")}`}
                className={css.beside}
                aria-label={`Watch ${other.display_name} beside`}
                title={`Watch ${other.display_name} beside`}
              >
                <Icon name="plus" />
              </Link>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
