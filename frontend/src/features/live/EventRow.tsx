/** One row of a feed: icon and colour of its family, the words, when. */
import { memo } from "react";
import { Avatar } from "@/components/ui/Avatar";
import { Icon, type IconName } from "@/components/ui/Icon";
import { Time } from "@/components/ui/Time";
import type { Streamer } from "@/lib/api/shapes";
import type { LiveEvent } from "@/lib/live/protocol";
import { list, many } from "@/lib/words";
import { describe, plain, type Description, type Family, type Words } from "./describe";
import { JOINED, type EventItem, type Item } from "./grouping";
import { gapWords, laggedWords } from "./messages";
import css from "./EventRow.module.css";

const HUES: Readonly<Record<Family, number>> = {
  online: 155,
  offline: 285,
  update: 245,
  raid: 50,
  sub: 310,
  gift: 345,
  cheer: 295,
  follow: 190,
  hype: 75,
  poll: 225,
  prediction: 200,
  goal: 140,
  charity: 330,
  points: 175,
  ad: 285,
  shoutout: 30,
  mod: 20,
  chat: 265,
  notice: 95,
  unknown: 260,
};
const MAX_NAMES = 3;
/** What several did together. */
const TOGETHER: Readonly<Record<string, string>> = {
  "channel.follow": " follow now",
  "channel.channel_points_custom_reward_redemption.add": " redeemed rewards",
};

interface Props {
  readonly item: Item;
  /** Given where rows of several streamers stand together. */
  readonly streamer?: Streamer | undefined;
  readonly place: number;
  /** Whether this row is the one in the tab order. */
  readonly current: boolean;
}

export const EventRow = memo(function EventRow({ item, streamer, place, current }: Props) {
  if (item.kind !== "event")
    return <Hole item={item} name={streamer?.display_name} place={place} current={current} />;
  const described = joined(item, describe(item.event, item.previous));
  const dim = described.family === "offline" || described.family === "unknown";
  return (
    <article
      className={css.row}
      data-family={described.family}
      data-dim={dim || undefined}
      data-position={item.event.position}
      aria-posinset={place}
      aria-setsize={-1}
      aria-label={plain(described.words)}
      tabIndex={current ? 0 : -1}
      style={{ ["--family-hue" as string]: HUES[described.family] }}
    >
      <span className={css.sign}>
        {streamer && (
          <Avatar id={streamer.id} name={streamer.display_name} url={streamer.avatar_url} size={36} />
        )}
        <span className={streamer ? css.small : css.icon}>
          <Icon name={described.family satisfies IconName} size={streamer ? 13 : 18} />
        </span>
      </span>
      <div className={css.body}>
        {streamer && <span className={css.who}>{streamer.display_name}</span>}
        <p className={css.words}>
          <Sentence words={described.words} />
        </p>
        {described.before && <p className={css.before}>{described.before}</p>}
        {described.quote && <p className={css.quote}>{described.quote}</p>}
        {described.progress !== undefined && (
          <meter className={css.meter} value={described.progress} aria-label="Progress" />
        )}
        {described.options && described.options.length > 0 && <Options options={described.options} />}
        {item.event.reconciled && <p className={css.aside}>found by checking, Twitch did not tell</p>}
        {described.family === "unknown" && <Raw event={item.event} />}
      </div>
      <Time at={item.at} className={css.time} />
    </article>
  );
});

function Sentence({ words }: { readonly words: Words }) {
  return words.map((word, place) =>
    typeof word === "string" ? word : <strong key={place}>{word.strong}</strong>,
  );
}

/** What is voted or bet on, with the part that each has. */
function Options({ options }: { readonly options: NonNullable<Description["options"]> }) {
  return (
    <ul className={css.options}>
      {options.map((option, place) => (
        <li key={place} data-won={option.won || undefined}>
          <span>
            {option.won && <Icon name="check" size={13} />}
            {option.label}
          </span>
          <span>{option.words}</span>
          <meter className={css.meter} value={option.share} aria-label={option.label} />
        </li>
      ))}
    </ul>
  );
}

/** A type that the page does not know never vanishes: its name, and what it carries. */
function Raw({ event }: { readonly event: LiveEvent }) {
  return (
    <details className={css.raw}>
      <summary>What it carries</summary>
      <pre tabIndex={0}>{JSON.stringify(event.data, null, 2)}</pre>
    </details>
  );
}

interface HoleProps {
  readonly item: Exclude<Item, EventItem>;
  readonly name: string | undefined;
  readonly place: number;
  readonly current: boolean;
}

function Hole({ item, name, place, current }: HoleProps) {
  const words = item.kind === "gap" ? gapWords() : laggedWords(item.class, item.count);
  return (
    <article
      className={css.hole}
      data-kind={item.kind}
      aria-posinset={place}
      aria-setsize={-1}
      tabIndex={current ? 0 : -1}
    >
      <Icon name="gap" size={16} />
      <p>
        {name && <b>{name}: </b>}
        {words}
      </p>
    </article>
  );
}

/** Alike events as one sentence. */
function joined(item: EventItem, newest: Description): Description {
  const n = item.events.length;
  if (n < 2 || !JOINED.has(item.event.type)) return newest;
  const names = [...new Set(item.events.map((event) => nameOf(event)))];
  const shown = names.slice(0, MAX_NAMES);
  const rest = names.length - shown.length;
  const who = list(rest > 0 ? [...shown, many(rest, "other", "others")] : shown);
  if (item.event.type !== "channel.cheer") {
    const what = TOGETHER[item.event.type] ?? " subscribed";
    return { family: newest.family, words: [{ strong: who }, what] };
  }
  const bits = item.events.reduce((sum, event) => sum + (Number(event.data.bits) || 0), 0);
  const cheers = many(n, "cheer", "cheers");
  return { family: "cheer", words: [{ strong: cheers }, ` with ${many(bits, "bit", "bits")} from ${who}`] };
}

function nameOf(event: LiveEvent): string {
  const name = event.data.user_name;
  return typeof name === "string" && event.data.is_anonymous !== true ? name : "somebody";
}
