/** Says on every page that these streamers are made up, and how to have real ones. */
import { Icon } from "@/components/ui/Icon";
import css from "./SimulationStrip.module.css";

export function SimulationStrip() {
  return (
    <aside className={css.strip} aria-label="Simulation">
      <Icon name="flask" size={16} />
      <p>
        <strong>Simulation:</strong> these streamers are made up.{" "}
        <span>
          To follow real ones, set <code>GSTREAMER_TWITCH__CLIENT_ID</code> and <code>…CLIENT_SECRET</code>,
          then start again.
        </span>
      </p>
    </aside>
  );
}
