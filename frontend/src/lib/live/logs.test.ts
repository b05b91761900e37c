/** Events and chat of one log are kept apart, and one position covers both. */
import { expect, test } from "vitest";
import { cover, newest, NOTHING, split, take, type Logs } from "./logs";
import type { EventClass, Frame, LiveEvent } from "./protocol";

const event = (offset: number, type: string, name: EventClass = "critical"): LiveEvent => ({
  id: `${offset}`,
  type,
  version: "1",
  streamer_id: "1",
  at: "2026-01-01T00:00:00Z",
  position: `e:${offset}`,
  class: name,
  data: {},
});
const events = (...held: LiveEvent[]): Frame => ({ type: "events", streamer_id: "1", events: held });
const places = ({ events: some, chat }: Logs) => [
  some.rows.map((row) => row.position),
  chat.rows.map((row) => row.position),
];

test("a frame with both is cut in two, deletions stand in the chat whatever their class", () => {
  const logs = take(
    NOTHING,
    events(
      event(1, "stream.online"),
      event(2, "channel.chat.message", "chat"),
      event(3, "channel.chat.message_delete"),
      event(4, "something.new", "chat"),
      event(5, "channel.raid"),
    ),
  );

  expect(places(logs)).toEqual([
    ["e:1", "e:5"],
    ["e:2", "e:3", "e:4"],
  ]);
  expect(logs.position).toBe("e:5");
});

test("a cursor without events moves the position alone", () => {
  const logs = take(NOTHING, { ...(events() as Frame & { type: "events" }), position: "e:9" });

  expect([logs.events, logs.chat, logs.position]).toEqual([NOTHING.events, NOTHING.chat, "e:9"]);
});

test("a gap is a hole in both, thinned chat one in the chat alone", () => {
  const gap: Frame = {
    type: "subscribed",
    streamer_id: "1",
    position: "e:7",
    recovery: { gap: { from: "e:3", to: "e:7" } },
  };
  const lagged = (name: EventClass): Frame => ({
    type: "lagged",
    streamer_id: "1",
    class: name,
    from: "e:8",
    to: "e:9",
    count: 2,
  });

  const logs = [gap, lagged("chat"), lagged("state")].reduce(take, NOTHING);

  expect(logs.events.rows.map((row) => row.kind)).toEqual(["gap", "lagged"]);
  expect(logs.chat.rows.map((row) => row.kind)).toEqual(["gap", "lagged"]);
  expect(logs.position).toBe("e:9");
});

test("what changes nothing gives the same logs", () => {
  const logs = take(NOTHING, events(event(1, "stream.online"), event(2, "channel.chat.message", "chat")));

  expect(take(logs, events(event(1, "stream.online")))).toBe(logs);
  expect(take(logs, { type: "ping" })).toBe(logs);
  expect(split({ type: "ping" })).toEqual({ events: null, chat: null });
  expect(cover("e:1", { type: "ping" })).toBe("e:1");
});

test("a complete recovery covers up to its position and shows nothing", () => {
  const logs = take(NOTHING, { type: "subscribed", streamer_id: "1", position: "e:4", recovery: "complete" });

  expect(places(logs)).toEqual([[], []]);
  expect(logs.position).toBe("e:4");
});

test("the newest of each are kept", () => {
  const many = Array.from({ length: 6 }, (_, n) =>
    event(n, n % 2 ? "channel.chat.message" : "channel.raid", n % 2 ? "chat" : "critical"),
  );

  expect(places(newest(take(NOTHING, events(...many)), 2))).toEqual([
    ["e:2", "e:4"],
    ["e:3", "e:5"],
  ]);
});
