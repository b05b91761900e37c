/** A snapshot with the events after it is the later snapshot; an event before it changes nothing. */
import { expect, test } from "vitest";
import type { Streamer } from "./api/shapes";
import { fold, rememberingFold } from "./fold";
import { apply, EMPTY } from "./live/log";
import type { LiveEvent } from "./live/protocol";

const SNAPSHOT: Streamer = {
  id: "1",
  login: "pia",
  display_name: "Pia",
  avatar_url: null,
  live: false,
  started_at: null,
  title: "old",
  category: "Chess",
  viewers: null,
  position: "e:4",
  chat: { mode: "embed", reason: "" },
  delivery: "events",
};
const event = (position: string, type: string, data: Record<string, unknown> = {}): LiveEvent => ({
  id: position,
  type,
  version: "1",
  streamer_id: "1",
  at: "2026-01-01T00:00:00Z",
  position,
  class: "critical",
  data,
});
const after = (snapshot: Streamer, ...events: LiveEvent[]) =>
  fold(snapshot, apply(EMPTY, { type: "events", streamer_id: "1", events }));

test("going live, a new title, viewers and the end, each after the snapshot, are seen", () => {
  const online = after(
    SNAPSHOT,
    event("e:5", "stream.online", { started_at: "2026-01-01T10:00:00Z" }),
    event("e:6", "channel.update", { title: "new", category_name: "Celeste" }),
    event("e:7", "gs.viewers", { viewer_count: 12 }),
  );

  expect(online).toMatchObject({
    live: true,
    started_at: "2026-01-01T10:00:00Z",
    title: "new",
    category: "Celeste",
    viewers: 12,
  });
  expect(after(online, event("e:8", "stream.offline"))).toMatchObject({
    live: false,
    started_at: null,
    viewers: null,
  });
});

test("what the snapshot knows already changes nothing", () => {
  expect(after(SNAPSHOT, event("e:3", "stream.online"), event("e:4", "stream.online"))).toBe(SNAPSHOT);
});

test("a snapshot without a position is older than every event", () => {
  expect(after({ ...SNAPSHOT, position: null }, event("e:0", "stream.online")).live).toBe(true);
});

test("a later epoch is after the snapshot, an earlier or strange one is not", () => {
  expect(after(SNAPSHOT, event("e:1", "channel.update"), event("f:0", "stream.online")).live).toBe(true);
  expect(after(SNAPSHOT, event("d:9", "stream.online"), event("e:1", "channel.update")).live).toBe(false);
  expect(after(SNAPSHOT, event("z:9", "stream.online")).live).toBe(false);
});

test("a field of a wrong type leaves what was known; viewers of somebody offline are not counted", () => {
  expect(
    after(
      SNAPSHOT,
      event("e:5", "channel.update", { title: 7 }),
      event("e:6", "gs.viewers", { viewer_count: 3 }),
    ),
  ).toEqual(SNAPSHOT);
});

test("no log, no change", () => {
  expect(fold(SNAPSHOT, undefined)).toBe(SNAPSHOT);
});

test("what did not change is not folded again, a new snapshot or a new log is", () => {
  const remembering = rememberingFold();
  const log = apply(EMPTY, { type: "events", streamer_id: "1", events: [event("e:5", "stream.online")] });
  const first = remembering(SNAPSHOT, log);

  expect(remembering(SNAPSHOT, log)).toBe(first);
  expect(remembering({ ...SNAPSHOT, position: "e:5" }, log).live).toBe(false);
  expect(
    remembering(
      SNAPSHOT,
      apply(log, { type: "events", streamer_id: "1", events: [event("e:6", "stream.offline")] }),
    ).live,
  ).toBe(false);
  expect(remembering(SNAPSHOT, undefined)).toBe(SNAPSHOT);
});
