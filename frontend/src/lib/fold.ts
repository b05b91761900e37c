/**
 * What a streamer is now: the snapshot of REST with the events after it folded in.
 *
 * An event at or before the snapshot's own position changes nothing.
 */
import type { Streamer } from "./api/shapes";
import { EMPTY, type Log } from "./live/log";
import { parsePosition, type LiveEvent } from "./live/protocol";

/** The streamer as the log tells it. */
export function fold(snapshot: Streamer, log: Log | undefined): Streamer {
  let streamer = snapshot;
  for (const row of log?.rows ?? []) {
    if (row.kind === "event" && isAfter(row.event, snapshot, log as Log))
      streamer = change(streamer, row.event);
  }
  return streamer;
}

function isAfter(event: LiveEvent, snapshot: Streamer, log: Log): boolean {
  const of = snapshot.position === null ? null : parsePosition(snapshot.position);
  const at = parsePosition(event.position);
  if (of === null || at === null) return of === null;
  if (of.epoch === at.epoch) return at.offset > of.offset;
  return log.epochs.indexOf(at.epoch) > log.epochs.indexOf(of.epoch) && log.epochs.includes(of.epoch);
}

function change(streamer: Streamer, { type, data, at }: LiveEvent): Streamer {
  switch (type) {
    case "stream.online":
      return { ...streamer, live: true, started_at: text(data.started_at) ?? at, viewers: null };
    case "stream.offline":
      return { ...streamer, live: false, started_at: null, viewers: null };
    case "channel.update":
      return {
        ...streamer,
        title: text(data.title) ?? streamer.title,
        category: text(data.category_name) ?? streamer.category,
      };
    case "gs.viewers": {
      const viewers = data.viewer_count;
      return streamer.live && typeof viewers === "number" ? { ...streamer, viewers } : streamer;
    }
    default:
      return streamer;
  }
}

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** A `fold` that remembers: neither a log nor a snapshot that stayed as it was is folded again. */
export function rememberingFold(): typeof fold {
  const known = new WeakMap<Log, { readonly snapshot: Streamer; readonly folded: Streamer }>();
  return (snapshot, log = EMPTY) => {
    const before = known.get(log);
    if (log !== EMPTY && before?.snapshot === snapshot) return before.folded;
    const folded = fold(snapshot, log);
    if (log !== EMPTY) known.set(log, { snapshot, folded });
    return folded;
  };
}
