/** Streamers as they are now: what REST said, with the live events after it. */
import { useMemo } from "react";
import type { Streamer } from "./api/shapes";
import { fold } from "./fold";
import { useLive } from "./live-hooks";

const NONE: readonly Streamer[] = [];

export function useFolded(streamers: readonly Streamer[] | undefined): readonly Streamer[] {
  const logs = useLive((live) => live.logs);
  return useMemo(
    () => (streamers ?? NONE).map((streamer) => fold(streamer, logs.get(streamer.id))),
    [streamers, logs],
  );
}
