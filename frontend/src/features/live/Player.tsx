/** Twitch's own player as a plain frame; where the streamers are made up, a stand-in that says so. */
import { Avatar, hueOf } from "@/components/ui/Avatar";
import { Icon } from "@/components/ui/Icon";
import type { Streamer } from "@/lib/api/shapes";
import css from "./Player.module.css";

interface Props {
  readonly streamer: Streamer;
  readonly simulated: boolean;
  readonly muted: boolean;
  readonly small: boolean;
}

const LOGIN = /^[a-z0-9_]{1,25}$/;
/** Below this Twitch shows no stream by itself: the viewer presses play. */
const AUTOPLAY_MIN_PX = 400;

export function Player({ streamer, simulated, muted, small }: Props) {
  if (simulated) return <StandIn streamer={streamer} small={small} />;
  if (!LOGIN.test(streamer.login)) return null;
  const query = new URLSearchParams({
    channel: streamer.login,
    parent: location.hostname,
    muted: String(muted),
    autoplay: String(innerWidth >= AUTOPLAY_MIN_PX),
  });
  return (
    <div className={css.player}>
      <iframe
        src={`https://player.twitch.tv/?${query}`}
        title={`Stream of ${streamer.display_name}`}
        allow="autoplay; fullscreen"
        allowFullScreen
      />
    </div>
  );
}

function StandIn({ streamer, small }: { readonly streamer: Streamer; readonly small: boolean }) {
  return (
    <div
      className={css.standIn}
      data-live={streamer.live || undefined}
      style={{ ["--hue" as string]: hueOf(streamer.id) }}
      role="img"
      aria-label={`Stand-in for the stream of ${streamer.display_name}: a simulation has no picture`}
    >
      <span className={css.bars} />
      <Avatar
        id={streamer.id}
        name={streamer.display_name}
        url={streamer.avatar_url}
        size={small ? 64 : 104}
      />
      <p className={css.caption}>{streamer.live ? "On air" : "Offline"}</p>
      <p className={css.note}>
        <Icon name="flask" size={14} /> Simulated: Twitch’s player stands here
      </p>
    </div>
  );
}
