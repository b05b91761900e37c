/** What a stranger sees: what this is, how to come in, and what is asked of them. */
import { ButtonLink } from "@/components/ui/Button";
import { Icon, type IconName } from "@/components/ui/Icon";
import { Wordmark } from "@/components/ui/Wordmark";
import { loginUrl } from "@/lib/api/grants";
import { Glimpse } from "./Glimpse";
import css from "./SignedOut.module.css";

interface Props {
  readonly simulated: boolean;
  /** Where to return to after signing in. */
  readonly next: string;
  /** Why the visitor stands here again, if they were signed in before. */
  readonly ended: string | null;
}

const POINTS: readonly { icon: IconName; title: string; words: string }[] = [
  {
    icon: "online",
    title: "The moment it happens",
    words: "Live, offline, raids and new titles, pushed to you.",
  },
  {
    icon: "check",
    title: "Nothing lost",
    words: "Close the lid, come back: what you missed is there, in order.",
  },
  { icon: "star", title: "Only who you picked", words: "Your favourites, who is live on top. Nothing else." },
];

export function SignedOut({ simulated, next, ended }: Props) {
  return (
    <div className={css.page}>
      <header className={css.top}>
        <Wordmark large />
      </header>
      <main id="main" className={css.main}>
        <section className={css.pitch}>
          {ended && (
            <p role="alert" className={css.ended}>
              <Icon name="warn" /> {ended}
            </p>
          )}
          <h1 tabIndex={-1}>Your streamers, live, the moment it happens.</h1>
          <p className={css.lead}>
            gstreamer follows the Twitch channels you pick and shows their streams and events in one calm
            page.
          </p>
          <div className={css.way}>
            <ButtonLink href={loginUrl(next)} look="main">
              <TwitchSign /> Sign in with Twitch
            </ButtonLink>
            <p className={css.scopes}>
              {simulated
                ? "This install runs a simulation: you sign in as a made-up viewer, no account is needed."
                : "Asks Twitch only who you are. No password, no e-mail, and nothing is posted for you."}
            </p>
          </div>
          <ul className={css.points}>
            {POINTS.map((point) => (
              <li key={point.title}>
                <Icon name={point.icon} size={20} />
                <div>
                  <h2>{point.title}</h2>
                  <p>{point.words}</p>
                </div>
              </li>
            ))}
          </ul>
        </section>
        <Glimpse />
      </main>
    </div>
  );
}

function TwitchSign() {
  return (
    <svg width="18" height="18" viewBox="0 0 24 24" fill="currentColor" aria-hidden="true" focusable="false">
      <path d="M5 2L2.5 6.500V20H8v2.500h2.700L13.2 20H17l5-5V2zm15 12l-3.5 3.500h-4L10 20v-2.500H6V4h14zM15.5 7.500h2v5h-2zm-5 0h2v5h-2z" />
    </svg>
  );
}
