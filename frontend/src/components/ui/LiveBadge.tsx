/** The word LIVE, or for how long. */
import css from "./LiveBadge.module.css";

export function LiveBadge() {
  return <span className={css.badge}>Live</span>;
}
