/** Twitch's own chat, where gstreamer may not read it: why, and what would change that. */
import { Avatar } from "@/components/ui/Avatar";
import { ButtonLink } from "@/components/ui/Button";
import { Icon } from "@/components/ui/Icon";
import { has, loginUrl } from "@/lib/api/grants";
import type { Me, Streamer } from "@/lib/api/shapes";
import { DARK, useMedia } from "@/lib/useMedia";
import { sentence } from "@/lib/words";
import css from "./Embed.module.css";

interface Props {
  readonly streamer: Streamer;
  readonly me: Me;
  readonly simulated: boolean;
}

const LOGIN = /^[a-z0-9_]{1,25}$/;

export function Embed({ streamer, me, simulated }: Props) {
  return (
    <div className={css.embed}>
      <div className={css.why}>
        <p>
          <Icon name="chat" size={16} />
          <span>{sentence(streamer.chat.reason || "gstreamer cannot read this chat")}</span>
        </p>
        {!has(me, "chat") && (
          <ButtonLink href={loginUrl(here(), "chat")} look="main">
            Read chat here
          </ButtonLink>
        )}
      </div>
      {simulated ? <StandIn streamer={streamer} /> : <Frame streamer={streamer} />}
    </div>
  );
}

/** The page to come back to. */
export const here = (): string => location.pathname + location.search;

function Frame({ streamer }: { readonly streamer: Streamer }) {
  const dark = useMedia(DARK);
  if (!LOGIN.test(streamer.login)) return null;
  const query = new URLSearchParams({ parent: location.hostname });
  return (
    <iframe
      className={css.frame}
      src={`https://www.twitch.tv/embed/${streamer.login}/chat?${query}${dark ? "&darkpopout" : ""}`}
      title={`Twitch’s chat of ${streamer.display_name}`}
    />
  );
}

function StandIn({ streamer }: { readonly streamer: Streamer }) {
  return (
    <div className={css.standIn} role="img" aria-label="Stand-in for Twitch’s chat: a simulation has none">
      <Avatar id={streamer.id} name={streamer.display_name} url={streamer.avatar_url} size={56} />
      <p>
        <Icon name="flask" size={14} /> Simulated: Twitch’s own chat stands here
      </p>
    </div>
  );
}
