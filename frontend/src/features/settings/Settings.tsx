/** The account: what gstreamer may do at Twitch, where one is signed in, and the way out. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Avatar } from "@/components/ui/Avatar";
import { Button, ButtonLink } from "@/components/ui/Button";
import { Icon } from "@/components/ui/Icon";
import { Failure, Skeleton } from "@/components/ui/Notice";
import { act, post } from "@/lib/api/client";
import { has, loginUrl } from "@/lib/api/grants";
import { FAVOURITES_KEY, ME_KEY, sessions as sessionsQuery, SESSIONS_KEY } from "@/lib/api/queries";
import { Imported, type Me, type Session } from "@/lib/api/shapes";
import { useNow } from "@/lib/clock";
import { useLivePage } from "@/lib/live-hooks";
import { ago, fullTime } from "@/lib/words";
import { browserWords, importedWords, OFFERS } from "./messages";
import css from "./Settings.module.css";

interface Props {
  readonly me: Me;
  readonly simulated: boolean;
}

const HERE = "/settings";

export function Settings({ me, simulated }: Props) {
  return (
    <div className={css.settings}>
      <h1 tabIndex={-1}>Settings</h1>
      <section className={css.card} aria-labelledby="account">
        <h2 id="account">Account</h2>
        <div className={css.person}>
          <Avatar id={me.id} name={me.display_name} url={me.avatar_url} size={48} />
          <p>
            <b>{me.display_name}</b>
            <span>
              {simulated ? "A made-up viewer of the simulation" : `Signed in with Twitch as ${me.login}`}
            </span>
          </p>
        </div>
      </section>
      <Grants me={me} />
      <Browsers />
      <Farewell me={me} />
    </div>
  );
}

function Grants({ me }: { readonly me: Me }) {
  return (
    <section className={css.card} aria-labelledby="grants">
      <h2 id="grants">What gstreamer may do at Twitch</h2>
      <p className={css.lead}>
        Signing in asks for nothing. Each of these is asked for when you turn it on; at Twitch, under
        Connections, you can take all of it back at any time.
      </p>
      <ul className={css.list}>
        {OFFERS.map(({ group, title, words, action }) => (
          <li key={group}>
            <div>
              <h3>{title}</h3>
              <p>{words}</p>
            </div>
            {has(me, group) ? (
              <p className={css.on}>
                <Icon name="check" size={16} /> On
              </p>
            ) : (
              <ButtonLink href={loginUrl(HERE, group)}>{action}</ButtonLink>
            )}
            {group === "follows" && has(me, group) && <ImportFollowed />}
          </li>
        ))}
      </ul>
    </section>
  );
}

function ImportFollowed() {
  const client = useQueryClient();
  const bring = useMutation({
    mutationFn: () => post(Imported, "/api/favourites/import"),
    onSuccess: () => client.invalidateQueries({ queryKey: FAVOURITES_KEY }),
  });
  return (
    <div className={css.wide}>
      <Button onClick={() => bring.mutate()} disabled={bring.isPending}>
        Import channels you follow
      </Button>
      <p role="status">{bring.data && importedWords(bring.data.added, bring.data.left_out)}</p>
      {bring.isError && <Failure error={bring.error} onRetry={() => bring.mutate()} />}
    </div>
  );
}

function Browsers() {
  const query = useQuery(sessionsQuery);
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: (id: string | null) =>
      act("DELETE", id === null ? "/api/auth/sessions" : `/api/auth/sessions/${encodeURIComponent(id)}`),
    onSettled: () => client.invalidateQueries({ queryKey: SESSIONS_KEY }),
  });
  const others = (query.data ?? []).filter((session) => !session.current);
  return (
    <section className={css.card} aria-labelledby="browsers" aria-busy={query.isPending}>
      <h2 id="browsers">Where you are signed in</h2>
      {query.isPending && <Skeleton rows={2} height={56} />}
      {query.isError && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {end.isError && <Failure error={end.error} onRetry={() => end.mutate(end.variables ?? null)} />}
      <ul className={css.list}>
        {(query.data ?? []).map((session) => (
          <Browser
            key={session.id}
            session={session}
            busy={end.isPending}
            onEnd={() => end.mutate(session.id)}
          />
        ))}
      </ul>
      {others.length > 1 && (
        <Button onClick={() => end.mutate(null)} disabled={end.isPending}>
          Sign out everywhere else
        </Button>
      )}
    </section>
  );
}

interface BrowserProps {
  readonly session: Session;
  readonly busy: boolean;
  readonly onEnd: () => void;
}

function Browser({ session, busy, onEnd }: BrowserProps) {
  const now = useNow();
  const [since, seen] = [Date.parse(session.created_at), Date.parse(session.last_seen_at)];
  return (
    <li data-session={session.id} data-current={session.current || undefined}>
      <div>
        <h3>{browserWords(session.user_agent)}</h3>
        <p>
          {session.current ? "This browser" : `Last used ${ago(seen, now)}`}, since{" "}
          <time dateTime={session.created_at}>{fullTime(since)}</time>
        </p>
      </div>
      {!session.current && (
        <Button onClick={onEnd} disabled={busy}>
          Sign out
        </Button>
      )}
    </li>
  );
}

function Farewell({ me }: { readonly me: Me }) {
  const [asked, setAsked] = useState(false);
  const client = useQueryClient();
  const live = useLivePage();
  const leave = useMutation({
    mutationFn: () => act("DELETE", "/api/me"),
    onSuccess() {
      live.forget();
      client.clear();
      client.setQueryData(ME_KEY, null);
    },
  });
  return (
    <section className={css.card} aria-labelledby="farewell">
      <h2 id="farewell">Delete everything of mine</h2>
      <p className={css.lead}>
        Your favourites, settings and sessions are deleted here, and what you granted is taken back at Twitch.
        It cannot be undone; your Twitch account itself stays as it is.
      </p>
      {asked ? (
        <div className={css.sure} role="alertdialog" aria-label="Delete everything">
          <p>Delete everything of {me.display_name}?</p>
          <Button onClick={() => leave.mutate()} disabled={leave.isPending}>
            Yes, delete it
          </Button>
          <Button look="quiet" onClick={() => setAsked(false)}>
            Keep it
          </Button>
        </div>
      ) : (
        <Button onClick={() => setAsked(true)}>Delete my account here</Button>
      )}
      {leave.isError && <Failure error={leave.error} onRetry={() => leave.mutate()} />}
    </section>
  );
}
