/** What somebody said, piece by piece: text as text, links, emotes, cheers, mentions. */
import { Icon } from "@/components/ui/Icon";
import type { Fragment } from "./item";
import { Picture } from "./Picture";
import type { Pictures } from "./pictures";
import css from "./Row.module.css";

const EMOTE_PX = 28;

interface Props {
  readonly fragments: readonly Fragment[];
  readonly pictures: Pictures;
  readonly me: string;
}

export function Words({ fragments, pictures, me }: Props) {
  return fragments.map((fragment, place) => (
    <Piece key={place} fragment={fragment} pictures={pictures} me={me} />
  ));
}

interface PieceProps {
  readonly fragment: Fragment;
  readonly pictures: Pictures;
  readonly me: string;
}

function Piece({ fragment, pictures, me }: PieceProps) {
  switch (fragment.kind) {
    case "text":
      return fragment.text;
    case "link":
      return (
        <a href={fragment.url} target="_blank" rel="noopener noreferrer nofollow" className={css.link}>
          {fragment.text}
        </a>
      );
    case "mention":
      return <b className={fragment.user === me ? css.mentioned : css.mention}>{fragment.text}</b>;
    case "cheer":
      return (
        <b className={css.cheer} data-tier={fragment.tier}>
          <Icon name="cheer" size={13} />
          {fragment.text}
        </b>
      );
    case "emote": {
      const url = pictures.emote(fragment.id, fragment.animated);
      return (
        <Picture key={url} url={url} name={fragment.text} className={css.emote} size={EMOTE_PX}>
          <span className={css.code}>{fragment.text}</span>
        </Picture>
      );
    }
  }
}
