/** Who is there, and which page they see. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useEffect, useRef } from "react";
import { Route, Switch, useLocation } from "wouter";
import { Failure, Skeleton } from "@/components/ui/Notice";
import { SimulationStrip } from "@/features/auth/SimulationStrip";
import { TwitchNotice } from "@/features/live/TwitchNotice";
import { endedWords } from "@/features/live/messages";
import { FAVOURITES_KEY, ME_KEY, me as meQuery, useSimulated } from "@/lib/api/queries";
import type { Me } from "@/lib/api/shapes";
import { useLive, useLivePage } from "@/lib/live-hooks";
import { HomePage } from "./HomePage";
import { Keys } from "./Keys";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";
import { useFollow } from "./useFollow";
import { useShortcuts } from "./useShortcuts";
import { loginsOf } from "./watched";
import css from "./App.module.css";

const SIGNED_OUT = 4501;

// What the first page does not show is fetched when it is gone to.
const SignedOut = lazy(async () => ({ default: (await import("@/features/auth/SignedOut")).SignedOut }));
const Watch = lazy(async () => ({ default: (await import("@/features/live/Watch")).Watch }));
const Chats = lazy(async () => ({ default: (await import("@/features/chat/Chats")).Chats }));
const Settings = lazy(async () => ({ default: (await import("@/features/settings/Settings")).Settings }));
const Search = lazy(async () => ({ default: (await import("@/features/streamers/Search")).Search }));

export function App() {
  const simulated = useSimulated();
  const me = useQuery(meQuery);
  const [location] = useLocation();
  const ended = useSessionEnd(me.data ?? null);
  return (
    <div className={me.data ? `${css.app} ${css.fixed}` : css.app}>
      <a href="#main" className={css.skip}>
        Skip to the content
      </a>
      {simulated && <SimulationStrip />}
      {me.data && <TwitchNotice />}
      {me.isPending && <div className={css.wait} aria-busy="true" />}
      {me.isError && !me.data && (
        <div className={css.failed}>
          <Failure error={me.error} onRetry={() => void me.refetch()} />
        </div>
      )}
      {me.data === null && (
        <Suspense fallback={<div className={css.wait} aria-busy="true" />}>
          <SignedOut simulated={simulated} next={location} ended={ended} />
        </Suspense>
      )}
      {me.data && <SignedIn me={me.data} simulated={simulated} />}
    </div>
  );
}

function SignedIn({ me, simulated }: { readonly me: Me; readonly simulated: boolean }) {
  useFollow(me);
  const keys = useRef<HTMLDialogElement>(null);
  const showKeys = useCallback(() => keys.current?.showModal(), []);
  const { on, setOn } = useShortcuts(showKeys);
  useFocusOnNavigation();
  return (
    <Shell me={me} onKeys={showKeys}>
      <Suspense fallback={<Skeleton rows={1} height={420} />}>
        <Switch>
          <Route path="/" component={HomePage} />
          <Route path="/search" component={Search} />
          <Route path="/settings">
            <Settings me={me} simulated={simulated} />
          </Route>
          <Route path="/s/:logins">
            {({ logins }) => (
              <Watch
                logins={loginsOf(logins)}
                chat={(streamers) => (
                  <Suspense fallback={<Skeleton rows={1} height={420} />}>
                    <Chats streamers={streamers} me={me} simulated={simulated} />
                  </Suspense>
                )}
              />
            )}
          </Route>
          <Route component={NotFound} />
        </Switch>
      </Suspense>
      <Keys dialog={keys} on={on} setOn={setOn} />
    </Shell>
  );
}

/** When the server ends the session, the page is signed out at once, and says why; it never redials by itself. */
function useSessionEnd(me: Me | null): string | null {
  const client = useQueryClient();
  const live = useLivePage();
  const status = useLive((state) => state.status);
  const revoked = useLive((state) => state.states.get("")?.state === "grant_revoked");
  const gone = status.kind === "ended" && status.code === SIGNED_OUT;
  useEffect(() => {
    if (!gone || me === null) return;
    client.setQueryData(ME_KEY, null);
    void client.invalidateQueries({ queryKey: ME_KEY });
  }, [gone, me, client, live]);
  const broken = status.kind === "reconnecting" || status.kind === "offline";
  useEffect(() => {
    // What was missed may be more than events tell: ask once when it is over.
    if (broken) return () => void client.invalidateQueries({ queryKey: FAVOURITES_KEY });
    return undefined;
  }, [broken, client]);
  return gone ? endedWords(revoked) : null;
}

/** A new page begins at its heading, for those who do not see it change. */
function useFocusOnNavigation(): void {
  const [location] = useLocation();
  useEffect(() => {
    if (!document.activeElement || document.activeElement === document.body) {
      document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
    }
  }, [location]);
}
