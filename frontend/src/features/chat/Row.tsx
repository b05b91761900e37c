/** One row of a chat. */
import { memo } from "react";
import { hueOf } from "@/components/ui/Avatar";
import { IconButton } from "@/components/ui/Button";
import { Icon, type IconName } from "@/components/ui/Icon";
import { fullTime, timeOfDay } from "@/lib/words";
import { readable } from "./colour";
import type { Item } from "./fold";
import type { Announcement, Author, Message, Quoted } from "./item";
import { BADGE_WORDS, CLEARED, GAP, laggedWords, recipientWords, REMOVED } from "./messages";
import { Picture } from "./Picture";
import type { Pictures } from "./pictures";
import { Words } from "./Words";
import css from "./Row.module.css";

export interface RowProps {
  readonly item: Item;
  /** Whether what it says was removed; of a reply, whether what it answers was. */
  readonly removed: boolean;
  readonly quoteRemoved: boolean;
  readonly recipients: readonly string[] | undefined;
  readonly pictures: Pictures;
  readonly me: string;
  readonly place: number;
  readonly current: boolean;
  /** Missing where nothing can be written. */
  readonly onReply: ((quoted: Quoted) => void) | undefined;
  readonly onShow: (messageId: string) => void;
}

export const Row = memo(function Row(props: RowProps) {
  const { item, place, current } = props;
  const common = { "aria-posinset": place, "aria-setsize": -1, tabIndex: current ? 0 : -1 };
  switch (item.kind) {
    case "message":
      return <Said {...props} item={item} common={common} />;
    case "announcement":
      return <Announced {...props} item={item} common={common} />;
    case "cleared":
      return (
        <article className={css.note} data-kind="cleared" {...common}>
          <When at={item.at} /> {CLEARED}
        </article>
      );
    case "gap":
    case "lagged":
      return (
        <article className={css.hole} data-kind={item.kind} {...common}>
          <Icon name="gap" size={14} />
          <p>{item.kind === "gap" ? GAP : laggedWords(item.count)}</p>
        </article>
      );
  }
});

interface Common {
  readonly "aria-posinset": number;
  readonly "aria-setsize": number;
  readonly tabIndex: number;
}

interface SaidProps extends RowProps {
  readonly item: Message;
  readonly common: Common;
}

function Said({ item, removed, quoteRemoved, pictures, me, common, onReply, onShow }: SaidProps) {
  const { author, reply } = item;
  const mentioned =
    !removed &&
    item.fragments.some((fragment) => fragment.kind === "mention" && fragment.user === me && me !== "");
  return (
    <article
      className={css.row}
      data-kind="message"
      data-message={item.id}
      data-position={item.key}
      data-removed={removed || undefined}
      data-mentioned={mentioned || undefined}
      onKeyDown={(event) => {
        if (event.key === "Enter" && event.target === event.currentTarget && !removed)
          onReply?.(quotedFrom(item));
      }}
      {...common}
    >
      {reply && (
        <button type="button" className={css.quote} onClick={() => onShow(reply.id)}>
          <Icon name="reply" size={12} />
          <span>
            {reply.name}: {quoteRemoved ? REMOVED : reply.text}
          </span>
        </button>
      )}
      {item.label && !removed && <p className={css.label}>{item.label}</p>}
      <p className={css.line}>
        <When at={item.at} /> <Name author={author} pictures={pictures} />
        <span aria-hidden="true">: </span>
        {removed ? (
          <em className={css.removed}>{REMOVED}</em>
        ) : (
          <Words fragments={item.fragments} pictures={pictures} me={me} />
        )}
      </p>
      {onReply && !removed && (
        <IconButton
          icon="reply"
          name={`Reply to ${author.name}`}
          className={css.reply ?? ""}
          tabIndex={-1}
          onClick={() => onReply(quotedFrom(item))}
        />
      )}
    </article>
  );
}

const quotedFrom = (item: Message): Quoted => ({ id: item.id, name: item.author.name, text: item.text });

const SIGNS: Readonly<Record<string, IconName>> = {
  sub: "sub",
  resub: "sub",
  prime_paid_upgrade: "sub",
  gift_paid_upgrade: "sub",
  pay_it_forward: "gift",
  sub_gift: "gift",
  community_sub_gift: "gift",
  raid: "raid",
  bits_badge_tier: "cheer",
  charity_donation: "sub",
};

interface AnnouncedProps extends RowProps {
  readonly item: Announcement;
  readonly common: Common;
}

function Announced({ item, removed, recipients, pictures, me, common }: AnnouncedProps) {
  const kind = item.notice.replace(/^shared_chat_/, "");
  return (
    <article
      className={css.announced}
      data-kind="announcement"
      data-notice={kind}
      data-position={item.key}
      {...common}
    >
      <Icon name={SIGNS[kind] ?? "notice"} size={16} />
      <div>
        <p className={css.line}>
          <When at={item.at} />{" "}
          {item.words ||
            (kind === "announcement" ? "Announcement" : `${item.author.name}: ${kind.replaceAll("_", " ")}`)}
        </p>
        {recipients && recipients.length > 0 && (
          <details className={css.recipients}>
            <summary>Who got them</summary>
            {recipientWords(recipients)}
          </details>
        )}
        {item.text && (
          <p className={css.line}>
            <Name author={item.author} pictures={pictures} />
            <span aria-hidden="true">: </span>
            {removed ? (
              <em className={css.removed}>{REMOVED}</em>
            ) : (
              <Words fragments={item.fragments} pictures={pictures} me={me} />
            )}
          </p>
        )}
      </div>
    </article>
  );
}

function When({ at }: { readonly at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={fullTime(at)} className={css.time}>
      {timeOfDay(at)}
    </time>
  );
}

const BADGE_PX = 18;

function Name({ author, pictures }: { readonly author: Author; readonly pictures: Pictures }) {
  const color =
    readable(author.color) ??
    `light-dark(oklch(0.47 0.13 ${hueOf(author.id)}), oklch(0.8 0.12 ${hueOf(author.id)}))`;
  // Two accounts may share a display name; their logins differ.
  const strange = author.login !== "" && author.name.toLowerCase() !== author.login;
  return (
    <span className={css.who}>
      {author.badges.map(({ set, id }) => {
        const badge = pictures.badge(set, id);
        const title = badge?.title ?? BADGE_WORDS[set] ?? set;
        const word = BADGE_WORDS[set];
        return (
          <Picture
            key={`${set}/${id}`}
            url={badge?.url || null}
            name={title}
            className={css.badge}
            size={BADGE_PX}
          >
            {word ? (
              <span className={css.badgeWord} title={title}>
                {word}
              </span>
            ) : (
              <span className="visually-hidden">{title}</span>
            )}
          </Picture>
        );
      })}
      <b className={css.name} style={{ color }} title={author.login}>
        {author.name}
        {strange && <span className={css.login}> ({author.login})</span>}
      </b>
    </span>
  );
}
