/** Streamers as they are now: what REST said, with the live events after it. */
import { useMemo, useState } from "react";
import type { Streamer } from "./api/shapes";
import { rememberingFold } from "./fold";
import { useLive } from "./live-hooks";

const NONE: readonly Streamer[] = [];

export function useFolded(streamers: readonly Streamer[] | undefined): readonly Streamer[] {
  const logs = useLive((live) => live.logs);
  const [fold] = useState(rememberingFold);
  return useMemo(
    () => (streamers ?? NONE).map((streamer) => fold(streamer, logs.get(streamer.id))),
    [streamers, logs, fold],
  );
}
