/** How streamers stand in lists: who is live first, then by viewers, then by name. */
import type { Streamer } from "./api/shapes";

export function liveFirst(streamers: readonly Streamer[]): readonly Streamer[] {
  return [...streamers].sort(
    (a, b) =>
      Number(b.live) - Number(a.live) ||
      (b.viewers ?? 0) - (a.viewers ?? 0) ||
      a.display_name.localeCompare(b.display_name),
  );
}
