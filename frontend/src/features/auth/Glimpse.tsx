/** A picture of what signing in gives, drawn with the page's own means and marked as an example. */
import { Avatar } from "@/components/ui/Avatar";
import { Icon, type IconName } from "@/components/ui/Icon";
import css from "./Glimpse.module.css";

const ROWS: readonly { icon: IconName; hue: number; who: string; words: string; when: string }[] = [
  { icon: "raid", hue: 50, who: "Nordlicht", words: "Raid from PixelPia with 1,204 viewers", when: "now" },
  { icon: "online", hue: 155, who: "TeaAndTrains", words: "Went live", when: "2 min" },
  { icon: "update", hue: 245, who: "Nordlicht", words: "Now in Celeste", when: "6 min" },
  { icon: "offline", hue: 280, who: "SlowChess", words: "Stream ended", when: "11 min" },
];

export function Glimpse() {
  return (
    <figure className={css.glimpse}>
      <ol>
        {ROWS.map((row, place) => (
          <li
            key={row.words}
            style={{ ["--family-hue" as string]: row.hue, animationDelay: `${place * 90}ms` }}
          >
            <Avatar id={row.who} name={row.who} url={null} size={34} />
            <span className={css.sign}>
              <Icon name={row.icon} size={14} />
            </span>
            <span className={css.words}>
              <b>{row.who}</b>
              {row.words}
            </span>
            <span className={css.when}>{row.when}</span>
          </li>
        ))}
      </ol>
      <figcaption>An example of a feed</figcaption>
    </figure>
  );
}
