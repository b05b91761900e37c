/** Every frame decodes; whatever else a server sends is an answer, never an exception. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decode, encode, laterPosition, parsePosition, WITHOUT_CHAT } from "./protocol";

const EVENT = {
  id: "m",
  type: "channel.raid",
  version: "1",
  streamer_id: "1",
  at: "2026-01-01T00:00:00Z",
  position: "abc:4",
  class: "critical",
  data: { viewers: 3 },
};
const FRAMES = [
  { type: "welcome", connection_id: "c", user_id: "7", ping_interval_s: 20, resume_ticket: "r" },
  { type: "subscribed", streamer_id: "1", position: "abc:-1", recovery: "complete" },
  {
    type: "subscribed",
    streamer_id: "1",
    position: "abc:9",
    recovery: { gap: { from: "abc:4", to: "abc:9" } },
  },
  { type: "unsubscribed", streamer_id: "1", position: null },
  { type: "events", streamer_id: "1", events: [EVENT] },
  { type: "lagged", streamer_id: "1", class: "chat", from: "abc:1", to: "abc:4", count: 4 },
  { type: "state", state: "degraded", since: "2026-01-01T00:00:00Z", reason: "twitch is silent" },
  { type: "move", url: "ws://x/", ticket: "t", after_ms: 5 },
  { type: "ping" },
  { type: "error", code: "unavailable", message: "try again", streamer_id: "1" },
];

// The same files that the server's own tests read.
const GOLDEN = new URL("../../../../tests/contract/", import.meta.url);
const golden = (prefix: string) => readdirSync(GOLDEN).filter((name) => name.startsWith(prefix));
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, GOLDEN), "utf8"));

test("the golden files name each type of frame", () => {
  const types = golden("server.").map((name) => (read(name) as { type: string }).type);

  expect([...new Set(types)].sort()).toEqual([...new Set(FRAMES.map((frame) => frame.type))].sort());
});

test.each(golden("server."))("%s decodes to what it says", (name) => {
  const frame = read(name);

  expect(decode(JSON.stringify(frame))).toEqual(frame);
});

test("what the page says has the form of the golden files", () => {
  expect(JSON.parse(encode({ type: "pong" }))).toEqual(read("client.pong.json"));
  expect(JSON.parse(encode({ type: "unsubscribe", streamer_id: "1001" }))).toEqual(
    read("client.unsubscribe.json"),
  );
  expect(JSON.parse(encode({ type: "subscribe", streamer_id: "1001" }))).toEqual(
    read("client.subscribe.json"),
  );
  expect(
    JSON.parse(
      encode({ type: "subscribe", streamer_id: "1001", position: "aB3dE6gH:41", types: WITHOUT_CHAT }),
    ),
  ).toEqual(read("client.subscribe-left-out.json"));
});

test.each(FRAMES)("$type decodes, with fields that nobody knows kept", (frame) => {
  expect(decode(JSON.stringify({ ...frame, later: [1] }))).toEqual({ ...frame, later: [1] });
});

describe("each field of each frame, missing or of a wrong type, is told by its name", () => {
  for (const frame of FRAMES) {
    const fields = Object.keys(frame).filter((name) => !["type", "since", "reason"].includes(name));
    test.each(fields)(`${frame.type}.%s`, (name) => {
      for (const value of [{}, 7.5, "", undefined, [null], true].filter(
        (value) => !allowed(frame.type, name, value),
      )) {
        expect(decode(JSON.stringify({ ...frame, [name]: value }))).toEqual({
          type: "malformed",
          reason: `${frame.type}: ${name} is missing or wrong`,
        });
      }
    });
  }

  /** Values above that are right for a field. */
  function allowed(type: string, name: string, value: unknown): boolean {
    const numbers = ["ping_interval_s", "count", "after_ms"];
    const strict = [...numbers, "position", "recovery", "from", "to", "class", "state", "events"];
    if (typeof value === "number") return numbers.includes(name);
    if (typeof value === "string") return !strict.includes(name);
    return value === undefined && ["unsubscribed.position", "error.streamer_id"].includes(`${type}.${name}`);
  }
});

test.each(["", "{", "null", "[]", "7", '"ping"', "{}", '{"type":7}'])("%s is malformed", (text) => {
  expect(decode(text).type).toBe("malformed");
});

test.each(["toString", "__proto__", "chat_settings"])("a frame of type %s is unknown", (name) => {
  expect(decode(`{"type":"${name}"}`)).toEqual({ type: "unknown", name });
});

test.each(["", "e", "e:", ":1", "e:-2", "e:01", "e:1.5", "e:1 ", "é:1", `${"e".repeat(41)}:1`])(
  "%s is no position",
  (text) => {
    expect(parsePosition(text)).toBeNull();
  },
);

test("positions are compared by offset inside one epoch only", () => {
  expect(laterPosition("e:9", "e:10")).toBe("e:10");
  expect(laterPosition("e:10", "e:9")).toBe("e:10");
  expect(laterPosition("e:10", "f:0")).toBe("f:0");
  expect(laterPosition(null, "f:0")).toBe("f:0");
});

test("a message is JSON", () => {
  expect(encode({ type: "hello", ticket: "t", resume: { "1": null } })).toBe(
    '{"type":"hello","ticket":"t","resume":{"1":null}}',
  );
});
