/** Each event is in the log once, in order, however it comes; what is missing is told. */
import { describe, expect, test } from "vitest";
import { apply, EMPTY, insert, tail, trim, type Log, type Row } from "./log";
import type { Frame, LiveEvent } from "./protocol";

const event = (offset: number, epoch = "e"): LiveEvent => ({
  id: `${epoch}${offset}`,
  type: "channel.update",
  version: "2",
  streamer_id: "1",
  at: "2026-01-01T00:00:00Z",
  position: `${epoch}:${offset}`,
  class: "critical",
  data: {},
});
const events = (...list: LiveEvent[]): Frame => ({ type: "events", streamer_id: "1", events: list });
const places = (log: Log) =>
  log.rows.map((row) => (row.kind === "event" ? row.position : `${row.kind} ${row.position}`));

test("an event that comes twice is there once, and the log stays the same object", () => {
  const log = apply(EMPTY, events(event(3), event(4)));

  expect(apply(log, events(event(3)))).toBe(log);
});

test("a late event goes where it belongs", () => {
  const log = [events(event(3), event(9)), events(event(5)), events(event(1))].reduce(apply, EMPTY);

  expect(places(log)).toEqual(["e:1", "e:3", "e:5", "e:9"]);
  expect(log.position).toBe("e:9");
});

test("a new epoch lies behind the old one, whatever its offsets", () => {
  const log = [events(event(90)), events(event(0, "f"), event(2, "f"))].reduce(apply, EMPTY);

  expect(places(log)).toEqual(["e:90", "f:0", "f:2"]);
  expect(log.position).toBe("f:2");
});

test("a gap is a row where the events are missing, and the log goes on behind it", () => {
  const gap: Frame = {
    type: "subscribed",
    streamer_id: "1",
    position: "e:7",
    recovery: { gap: { from: "e:4", to: "e:7" } },
  };

  const log = [events(event(3)), gap, events(event(8))].reduce(apply, EMPTY);

  expect(places(log)).toEqual(["e:3", "gap e:4", "e:8"]);
});

test("thinned events of two classes are two rows, and the position moves over them", () => {
  const lagged = (name: "chat" | "state"): Frame => ({
    type: "lagged",
    streamer_id: "1",
    class: name,
    from: "e:4",
    to: "e:6",
    count: 2,
  });

  const log = [events(event(3)), lagged("chat"), lagged("state"), lagged("chat")].reduce(apply, EMPTY);

  expect(places(log)).toEqual(["e:3", "lagged e:4", "lagged e:4"]);
  expect(log.position).toBe("e:6");
});

test("an empty frame with a position moves the position of a filtered log", () => {
  expect(apply(EMPTY, { type: "events", streamer_id: "1", events: [], position: "e:12" }).position).toBe(
    "e:12",
  );
});

test("the oldest rows go in lumps when the log is full, the newest are kept", () => {
  const log = apply(EMPTY, events(...Array.from({ length: 12 }, (_, offset) => event(offset))));

  expect(places(trim(log, 10, 5))).toEqual(["e:7", "e:8", "e:9", "e:10", "e:11"]);
  expect(places(tail(log, 2))).toEqual(["e:10", "e:11"]);
});

describe("any cut into frames, any order, any doubling gives one log", () => {
  // A small generator (Park-Miller), so that a failing case can be run again.
  const random = (seed: number) => () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;

  test.each(Array.from({ length: 60 }, (_, seed) => seed + 1))("case %i", (seed) => {
    const next = random(seed);
    const all = Array.from({ length: 30 }, (_, offset) => event(offset));
    const sent = [...all, ...all.filter(() => next() < 0.4)].sort(() => next() - 0.5);

    let log = EMPTY;
    while (sent.length > 0) log = apply(log, events(...sent.splice(0, 1 + Math.floor(next() * 5))));

    expect(log.rows.map((row) => (row as Row & { kind: "event" }).event)).toEqual(all);
    expect(insert(log, log.rows)).toBe(log);
  });
});
