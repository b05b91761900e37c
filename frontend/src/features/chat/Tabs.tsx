/** One tab for each chat; arrows move between them. */
import type { KeyboardEvent } from "react";
import { Avatar } from "@/components/ui/Avatar";
import type { Streamer } from "@/lib/api/shapes";
import css from "./Chats.module.css";

interface Props {
  readonly streamers: readonly Streamer[];
  readonly shown: Streamer;
  readonly onShow: (login: string) => void;
}

export function Tabs({ streamers, shown, onShow }: Props) {
  const move = (event: KeyboardEvent<HTMLElement>) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const place = (streamers.indexOf(shown) + by + streamers.length) % streamers.length;
    onShow(streamers[place]?.login ?? shown.login);
    event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")[place]?.focus();
  };
  return (
    <div role="tablist" aria-label="Chats" className={css.tabs} onKeyDown={move}>
      {streamers.map((streamer) => (
        <button
          key={streamer.id}
          type="button"
          role="tab"
          aria-selected={streamer === shown}
          tabIndex={streamer === shown ? 0 : -1}
          onClick={() => onShow(streamer.login)}
        >
          <Avatar id={streamer.id} name={streamer.display_name} url={streamer.avatar_url} size={24} />
          <span>{streamer.display_name}</span>
        </button>
      ))}
    </div>
  );
}
