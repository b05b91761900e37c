/** Whether what stands on the page is the truth of now: one line, in words, with an icon and a colour. */
import { useEffect, useState } from "react";
import { Button } from "@/components/ui/Button";
import { GRACE_MS } from "@/config/limits";
import type { StateFrame } from "@/lib/live/protocol";
import type { Status } from "@/lib/live/status";
import { useLive, useLivePage } from "@/lib/live-hooks";
import { connectionWords, type Tone } from "./messages";
import css from "./ConnectionLine.module.css";

export function ConnectionLine() {
  const live = useLivePage();
  const status = useLive((state) => state.status);
  const state = useLive((all) => all.states.get(""));
  const shown = useGrace(status);
  const { tone, words, action } = connectionWords(shown, state ?? null);
  return (
    <div className={css.line} data-tone={tone} data-state={status.kind}>
      <span className={css.dot} aria-hidden="true" />
      <p role="status">{words}</p>
      {action && (
        <Button look="quiet" onClick={() => live.retry()}>
          {action}
        </Button>
      )}
    </div>
  );
}

/** The last status that was worth telling: a drop shows only when it has lasted. */
function useGrace(status: Status): Status {
  const [shown, setShown] = useState(status);
  const hasty =
    status.kind === "reconnecting" || status.kind === "catching_up" || status.kind === "connecting";
  useEffect(() => {
    const since = status.kind === "reconnecting" ? status.since : Date.now();
    const timer = setTimeout(() => setShown(status), hasty ? Math.max(0, since + GRACE_MS - Date.now()) : 0);
    return () => clearTimeout(timer);
  }, [status, hasty]);
  return hasty ? shown : status;
}

/** One streamer's own state, where it differs from the whole. */
export function StreamerState({ streamer, name }: { readonly streamer: string; readonly name: string }) {
  const state = useLive((live) => live.states.get(streamer));
  const error = useLive((live) => live.errors.get(streamer));
  const words = error ? `${name} cannot be followed: ${error.message}` : degraded(state, name);
  if (!words) return null;
  const tone: Tone = error ? "bad" : "warn";
  return (
    <p className={css.own} data-tone={tone} role="status">
      <span className={css.dot} aria-hidden="true" />
      {words}
    </p>
  );
}

function degraded(state: StateFrame | undefined, name: string): string | null {
  if (!state || state.state === "live") return null;
  const since = Date.parse(state.since);
  const when = Number.isNaN(since)
    ? ""
    : ` since ${new Date(since).toLocaleTimeString([], { timeStyle: "short" })}`;
  if (state.state === "catching_up") return `Catching up with ${name}`;
  return `Nothing from Twitch for ${name}${when}${state.reason ? `: ${state.reason}` : ""}`;
}
