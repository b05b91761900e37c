/** Says that Twitch cannot be asked at the moment, since when and what that means here. */
import { useQuery } from "@tanstack/react-query";
import { Icon } from "@/components/ui/Icon";
import { health } from "@/lib/api/queries";
import { twitchWords } from "./messages";
import css from "./TwitchNotice.module.css";

export function TwitchNotice() {
  const part = useQuery(health).data?.parts.twitch;
  const words = part ? twitchWords(part) : null;
  return (
    <div role="status" className={css.notice}>
      {words && (
        <p>
          <Icon name="warn" size={16} />
          <span>{words}</span>
        </p>
      )}
    </div>
  );
}
