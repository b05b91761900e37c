/** What belongs together is one row, nothing is lost on the way, and a row never changes its name. */
import { describe, expect, test } from "vitest";
import { apply, EMPTY, type Log } from "@/lib/live/log";
import type { Frame, LiveEvent } from "@/lib/live/protocol";
import { group, merge, type EventItem } from "./grouping";

let offset = 0;
const event = (type: string, second: number, data: Record<string, unknown> = {}): LiveEvent => ({
  id: `m${(offset += 1)}`,
  type,
  version: "1",
  streamer_id: "1",
  at: new Date(second * 1_000).toISOString(),
  position: `e:${offset}`,
  class: "critical",
  data,
});
const logOf = (...events: LiveEvent[]): Log => apply(EMPTY, { type: "events", streamer_id: "1", events });
const counts = (log: Log) => group("1", log).map((item) => (item as EventItem).events.length);

test("cheers within a minute are one row, a later one is another", () => {
  const log = logOf(event("channel.cheer", 0), event("channel.cheer", 50), event("channel.cheer", 200));

  expect(counts(log)).toEqual([2, 1]);
});

test("another event between two cheers keeps them apart", () => {
  expect(
    counts(logOf(event("channel.cheer", 0), event("channel.raid", 1), event("channel.cheer", 2))),
  ).toEqual([1, 1, 1]);
});

test("a hype train is one row that is brought up to date where it stands", () => {
  const begun = logOf(event("channel.hype_train.begin", 0, { id: "h", level: 1 }), event("channel.raid", 1));
  const [first] = group("1", begun);

  const grown = apply(begun, {
    type: "events",
    streamer_id: "1",
    events: [event("channel.hype_train.progress", 2, { id: "h", level: 2 })],
  });

  const items = group("1", grown);
  expect(items.map((item) => item.key)).toEqual(group("1", begun).map((item) => item.key));
  expect(items[0]).toMatchObject({ key: first?.key, event: { data: { level: 2 } } });
});

test("two polls are two rows", () => {
  const log = logOf(event("channel.poll.begin", 0, { id: "a" }), event("channel.poll.begin", 1, { id: "b" }));

  expect(counts(log)).toEqual([1, 1]);
});

test("an update knows the one before it, whatever lies between", () => {
  const first = event("channel.update", 0, { title: "old" });
  const log = logOf(first, event("channel.raid", 0), event("channel.update", 1, { title: "new" }));

  expect(group("1", log).map((item) => (item as EventItem).previous)).toEqual([null, null, first]);
});

test("counts of viewers are no rows", () => {
  expect(group("1", logOf(event("gs.viewers", 0, { viewer_count: 7 })))).toEqual([]);
});

test("an unknown type is a row like any other", () => {
  expect(group("1", logOf(event("channel.new_thing", 0)))).toHaveLength(1);
});

test("gaps and thinned events stand where they are missing", () => {
  const frames: Frame[] = [
    { type: "events", streamer_id: "1", events: [{ ...event("channel.raid", 5), position: "x:3" }] },
    { type: "subscribed", streamer_id: "1", position: "x:9", recovery: { gap: { from: "x:4", to: "x:9" } } },
    { type: "lagged", streamer_id: "1", class: "chat", from: "x:10", to: "x:12", count: 3 },
  ];

  const items = group("1", frames.reduce(apply, EMPTY));

  expect(items.map((item) => [item.kind, item.at])).toEqual([
    ["event", 5_000],
    ["gap", 5_000],
    ["lagged", 5_000],
  ]);
});

describe("several streamers", () => {
  test("stand in one order by time, each one's own order kept even when its clock ran backwards", () => {
    const a = group(
      "a",
      logOf(event("channel.raid", 10), event("channel.update", 4), event("channel.raid", 30)),
    );
    const b = group("b", logOf(event("stream.online", 20)));

    expect(merge([a, b]).map((item) => `${item.streamer}${item.at / 1_000}`)).toEqual([
      "a10",
      "a10",
      "b20",
      "a30",
    ]);
  });

  test("one list alone is given back as it is", () => {
    const a = group("a", logOf(event("channel.raid", 10)));

    expect(merge([a, []])).toBe(a);
    expect(merge([])).toEqual([]);
  });
});
