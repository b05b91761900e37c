/** What surrounds every page of a signed-in viewer: rail, header on a phone, connection line. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { Avatar } from "@/components/ui/Avatar";
import { IconButton } from "@/components/ui/Button";
import { Icon } from "@/components/ui/Icon";
import { Wordmark } from "@/components/ui/Wordmark";
import { ConnectionLine } from "@/features/live/ConnectionLine";
import { HomeEntry, Rail, SearchEntry } from "@/features/streamers/Rail";
import { act } from "@/lib/api/client";
import { ME_KEY } from "@/lib/api/queries";
import type { Me } from "@/lib/api/shapes";
import { useLivePage } from "@/lib/live-hooks";
import css from "./Shell.module.css";

interface Props {
  readonly me: Me;
  readonly onKeys: () => void;
  readonly children: ReactNode;
}

export function Shell({ me, onKeys, children }: Props) {
  const drawer = useRef<HTMLDialogElement>(null);
  const [location] = useLocation();
  useEffect(() => drawer.current?.close(), [location]);
  return (
    <div className={css.shell}>
      <header className={css.bar}>
        <IconButton icon="menu" name="Open favourites" onClick={() => drawer.current?.showModal()} />
        <Link href="/" aria-label="gstreamer, home">
          <Wordmark />
        </Link>
        <Link href="/search" className={css.barSearch}>
          Search
        </Link>
      </header>
      <nav className={css.rail} aria-label="Favourites">
        <Side me={me} onKeys={onKeys} />
      </nav>
      <dialog ref={drawer} className={css.drawer} aria-label="Favourites" closedby="any">
        <IconButton
          icon="close"
          name="Close"
          className={css.close ?? ""}
          onClick={() => drawer.current?.close()}
        />
        <Side me={me} onKeys={onKeys} />
      </dialog>
      <main id="main" className={css.main}>
        {children}
      </main>
      <footer className={css.phoneLine}>
        <ConnectionLine />
      </footer>
    </div>
  );
}

function Side({ me, onKeys }: Omit<Props, "children">) {
  return (
    <div className={css.side}>
      <Link href="/" className={css.brand} aria-label="gstreamer, home">
        <Wordmark />
      </Link>
      <div className={css.nav}>
        <HomeEntry />
        <SearchEntry />
      </div>
      <div className={css.list}>
        <Rail />
      </div>
      <div className={css.foot}>
        <ConnectionLine />
        <Account me={me} onKeys={onKeys} />
      </div>
    </div>
  );
}

function Account({ me, onKeys }: Omit<Props, "children">) {
  const client = useQueryClient();
  const live = useLivePage();
  const signOut = useMutation({
    mutationFn: () => act("POST", "/api/auth/logout"),
    onSuccess() {
      live.forget();
      client.clear();
      client.setQueryData(ME_KEY, null);
    },
  });
  return (
    <div className={css.account}>
      <Link
        href="/settings"
        className={css.person}
        title="Settings"
        aria-label={`Settings of ${me.display_name}`}
      >
        <Avatar id={me.id} name={me.display_name} url={me.avatar_url} size={32} />
        <span className={css.name}>{me.display_name}</span>
        <Icon name="settings" size={16} />
      </Link>
      <IconButton icon="keys" name="Keys" onClick={onKeys} />
      <IconButton icon="out" name="Sign out" onClick={() => signOut.mutate()} />
      {signOut.isError && (
        <p role="alert" className={css.refused}>
          Still signed in: {signOut.error.message}
        </p>
      )}
    </div>
  );
}
