/** The page is told once per animation frame, and what did not change stays the same object. */
import { expect, test } from "vitest";
import { NOTHING } from "./logs";
import type { Frame } from "./protocol";
import { Store } from "./store";

function made() {
  const flushes: (() => void)[] = [];
  const store = new Store((flush) => flushes.push(flush));
  let told = 0;
  store.subscribe(() => (told += 1));
  const paint = () => flushes.splice(0).forEach((flush) => flush());
  return { store, paint, told: () => told, flushes };
}

const online = (id: string, offset: number): Frame => ({
  type: "events",
  streamer_id: id,
  events: [
    {
      id: `${offset}`,
      type: "stream.online",
      version: "1",
      streamer_id: id,
      at: "2026-01-01T00:00:00Z",
      position: `e:${offset}`,
      class: "critical",
      data: {},
    },
  ],
});

test("a hundred frames within one animation frame are told once", () => {
  const { store, paint, told, flushes } = made();

  for (let offset = 0; offset < 100; offset += 1)
    store.put({ type: "frames", frames: [online("1", offset)] });

  expect([flushes.length, told()]).toEqual([1, 0]);
  paint();
  expect([told(), store.get().logs.get("1")?.rows.length]).toEqual([1, 100]);
});

test("the log of one streamer keeps its identity while another's grows", () => {
  const { store, paint } = made();
  store.put({ type: "frames", frames: [online("1", 0), online("2", 0)] });
  paint();
  const before = store.get().logs.get("1");

  store.put({ type: "frames", frames: [online("2", 1)] });
  paint();

  expect(store.get().logs.get("1")).toBe(before);
});

test("what changes nothing is not told", () => {
  const { store, paint, told } = made();
  store.put({ type: "frames", frames: [online("1", 0)] });
  paint();

  store.put({ type: "frames", frames: [online("1", 0), { type: "ping" }] });
  paint();

  expect(told()).toBe(1);
});

test("a streamer's refusal is gone when it is subscribed", () => {
  const { store, paint } = made();
  store.put({
    type: "frames",
    frames: [{ type: "error", code: "unavailable", message: "later", streamer_id: "1" }],
  });
  paint();
  expect(store.get().errors.get("1")?.code).toBe("unavailable");

  store.put({
    type: "frames",
    frames: [{ type: "subscribed", streamer_id: "1", position: "e:0", recovery: "complete" }],
  });
  paint();

  expect(store.get().errors.has("1")).toBe(false);
});

test("another viewer starts with nothing", () => {
  const { store, paint } = made();
  store.put({ type: "logs", streamer: "1", logs: NOTHING });
  paint();

  store.clear();

  expect(store.get().logs.size).toBe(0);
});

test("what is said in a chat leaves the log of events the same object", () => {
  const { store, paint } = made();
  const said = online("1", 1) as Frame & { type: "events" };
  const chat: Frame = {
    ...said,
    events: said.events.map((event) => ({ ...event, type: "channel.chat.message", class: "chat" })),
  };
  store.put({ type: "frames", frames: [online("1", 0)] });
  paint();
  const { logs } = store.get();

  store.put({ type: "frames", frames: [chat] });
  paint();

  expect(store.get().logs).toBe(logs);
  expect(
    store
      .get()
      .chats.get("1")
      ?.rows.map((row) => row.position),
  ).toEqual(["e:1"]);
});
