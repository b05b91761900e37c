/**
 * What is known of one streamer's log: rows in position order, each event once, and each hole told.
 *
 * Offsets order rows inside an epoch; epochs are ordered by when they were first met. Every function returns a new
 * log and leaves the old one as it was; a log that does not change is returned itself.
 */
import {
  laterPosition,
  parsePosition,
  type EventClass,
  type Frame,
  type LiveEvent,
  type Position,
} from "./protocol";

export interface EventRow {
  readonly kind: "event";
  readonly position: Position;
  readonly event: LiveEvent;
}
/** Events from `position` to `to` are missing and cannot be had on this way. */
export interface GapRow {
  readonly kind: "gap";
  readonly position: Position;
  readonly to: Position;
}
/** `count` events of a class between `position` and `to` were thinned. */
export interface LaggedRow {
  readonly kind: "lagged";
  readonly position: Position;
  readonly to: Position;
  readonly class: EventClass;
  readonly count: number;
}
export type Row = EventRow | GapRow | LaggedRow;

export interface Log {
  readonly epochs: readonly string[];
  readonly rows: readonly Row[];
  /** The last position that is covered: what a resume asks for. */
  readonly position: Position | null;
}

export const EMPTY: Log = { epochs: [], rows: [], position: null };
export const MAX_ROWS = 5_000;
export const TRIM_ROWS = 500;

/** The log after a frame: events go in once each, a gap and thinned events become rows. */
export function apply(log: Log, frame: Frame): Log {
  switch (frame.type) {
    case "events": {
      const next = insert(
        log,
        frame.events.map((event) => ({ kind: "event", position: event.position, event })),
      );
      return frame.position ? covered(next, frame.position) : next;
    }
    case "lagged":
      return covered(
        insert(log, [
          { kind: "lagged", position: frame.from, to: frame.to, class: frame.class, count: frame.count },
        ]),
        frame.to,
      );
    case "subscribed": {
      if (frame.recovery === "complete") return covered(log, frame.position);
      const { from, to } = frame.recovery.gap;
      return covered(insert(log, [{ kind: "gap", position: from, to }]), frame.position);
    }
    default:
      return log;
  }
}

/** The log with these rows in it; rows that it holds already change nothing. */
export function insert(log: Log, added: readonly Row[]): Log {
  if (added.length === 0) return log;
  const epochs = [...log.epochs];
  const ranked = (row: Row): Ranked => rank(row, epochs);
  const last = log.rows.at(-1);
  const fresh = added.map(ranked).sort(compare);
  let position = log.position;
  for (const { row } of fresh)
    position = laterPosition(position, row.kind === "event" ? row.position : row.to);
  // Nearly always everything new lies behind everything known: no search, one copy.
  const first = fresh[0] as Ranked;
  if (!last || compare(ranked(last), first) < 0) {
    return trim({ epochs, rows: [...log.rows, ...unique(fresh)], position });
  }
  const merged = unique([...log.rows.map(ranked), ...fresh].sort(compare));
  if (merged.length === log.rows.length) return position === log.position ? log : { ...log, position };
  return trim({ epochs, rows: merged, position });
}

/** The log with at most `max` rows, the oldest taken away in lumps. */
export function trim(log: Log, max = MAX_ROWS, lump = TRIM_ROWS): Log {
  return log.rows.length <= max ? log : { ...log, rows: log.rows.slice(log.rows.length - max + lump) };
}

/** The log that is known to be complete up to `position` (or to say where it is not). */
export function covered(log: Log, position: Position): Log {
  const later = laterPosition(log.position, position);
  if (later === log.position) return log;
  const epoch = parsePosition(position)?.epoch;
  const epochs = epoch === undefined || log.epochs.includes(epoch) ? log.epochs : [...log.epochs, epoch];
  return { ...log, epochs, position: later };
}

/** The newest `count` rows, for keeping. */
export function tail(log: Log, count: number): Log {
  return log.rows.length <= count ? log : { ...log, rows: log.rows.slice(-count) };
}

interface Ranked {
  readonly epoch: number;
  readonly offset: number;
  readonly kind: number;
  readonly row: Row;
}

const KINDS = { gap: 0, lagged: 1, event: 2 } as const;

function rank(row: Row, epochs: string[]): Ranked {
  const { epoch, offset } = parsePosition(row.position) ?? { epoch: "", offset: 0 };
  let index = epochs.indexOf(epoch);
  if (index < 0) index = epochs.push(epoch) - 1;
  return { epoch: index, offset, kind: KINDS[row.kind], row };
}

function compare(a: Ranked, b: Ranked): number {
  return a.epoch - b.epoch || a.offset - b.offset || a.kind - b.kind || lag(a.row) - lag(b.row);
}

/** Two classes may be thinned from one position on: two rows. */
function lag(row: Row): number {
  return row.kind === "lagged" ? { critical: 0, state: 1, chat: 2 }[row.class] : 0;
}

/** Of rows that stand at one place, the first; the input is sorted. */
function unique(ranked: readonly Ranked[]): Row[] {
  const rows: Row[] = [];
  let last: Ranked | undefined;
  for (const entry of ranked) {
    if (!last || compare(last, entry) !== 0) rows.push(entry.row);
    last = entry;
  }
  return rows;
}
