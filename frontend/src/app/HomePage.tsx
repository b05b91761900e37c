/** Home: which favourites are live, and everything that happens. */
import { useQuery } from "@tanstack/react-query";
import { Feed } from "@/features/live/Feed";
import { LiveNow } from "@/features/streamers/Home";
import { favourites } from "@/lib/api/queries";
import { useFolded } from "@/lib/useFolded";
import css from "./HomePage.module.css";

export function HomePage() {
  const streamers = useFolded(useQuery(favourites).data);
  return (
    <div className={css.home}>
      <div className={css.live}>
        <LiveNow />
      </div>
      <div className={css.feed}>
        <Feed title="Everything that happens" streamers={streamers} />
      </div>
    </div>
  );
}
