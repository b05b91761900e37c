/** The star: whether a streamer is a favourite, and the way to change it. */
import { useQuery } from "@tanstack/react-query";
import { Button, IconButton } from "@/components/ui/Button";
import { favourites, useFavourite } from "@/lib/api/queries";
import type { Streamer } from "@/lib/api/shapes";
import { Icon } from "./ui/Icon";
import css from "./FavouriteButton.module.css";

interface Props {
  readonly streamer: Streamer;
  /** With words beside the star. */
  readonly worded?: boolean;
}

export function FavouriteButton({ streamer, worded = false }: Props) {
  const { data } = useQuery(favourites);
  const change = useFavourite();
  const on = data?.some((other) => other.id === streamer.id) ?? false;
  const toggle = () => change.mutate({ streamer, add: !on });
  const name = on
    ? `Remove ${streamer.display_name} from favourites`
    : `Add ${streamer.display_name} to favourites`;
  return (
    <span className={on ? css.on : css.off}>
      {worded ? (
        <Button onClick={toggle} aria-pressed={on} disabled={!data}>
          <Icon name="star" filled={on} />
          {on ? "Favourite" : "Add to favourites"}
        </Button>
      ) : (
        <IconButton icon="star" name={name} filled={on} aria-pressed={on} onClick={toggle} disabled={!data} />
      )}
      {change.isError && (
        <span role="alert" className={css.error}>
          {change.error.message}
        </span>
      )}
    </span>
  );
}
