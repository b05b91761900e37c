/** Each state of the connection has its words, and only those that help have a button. */
import { expect, test } from "vitest";
import type { Status } from "@/lib/live/status";
import { connectionWords, laggedWords, newWords, polledWords, twitchWords } from "./messages";

test.each<[string, string | undefined, Status]>([
  ["Live", undefined, { kind: "live" }],
  ["Connecting; no room", undefined, { kind: "connecting", reason: "no room" }],
  [
    "Reconnecting; what was missed will be fetched",
    "Retry now",
    { kind: "reconnecting", since: 0, reason: "" },
  ],
  ["Catching up, 1 streamer to go", undefined, { kind: "catching_up", toGo: 1 }],
  ["Open in too many places", "Use here", { kind: "ended", code: 4505, reason: "" }],
  ["You were signed out", undefined, { kind: "ended", code: 4501, reason: "" }],
  ["The server ended the connection (4777)", "Try again", { kind: "ended", code: 4777, reason: "" }],
])("%s", (words, action, status) => {
  const line = connectionWords(status, null);

  expect([line.words, line.action]).toEqual([words, action]);
});

test("while connected, the server's own trouble is told; while not, it is not", () => {
  const degraded = { type: "state", state: "degraded", since: "", reason: "kafka is slow" } as const;

  expect(connectionWords({ kind: "live" }, degraded)).toMatchObject({
    tone: "warn",
    words: "Events may be late: kafka is slow",
  });
  expect(connectionWords({ kind: "offline", since: 0 }, degraded).words).toContain("offline");
});

test("numbers agree with their nouns", () => {
  expect(laggedWords("chat", 23)).toContain("23 chat messages skipped");
  expect(newWords(1)).toBe("1 new event, jump to latest");
});

test("Twitch's outage is told with its reason, and nothing while it is well", () => {
  expect(twitchWords({ state: "ok", since: null, reason: null })).toBeNull();
  expect(twitchWords({ state: "down", since: null, reason: "no answer for 30 s" })).toMatch(
    /^Twitch does not answer as it should \(no answer for 30 s\): /,
  );
  expect(twitchWords({ state: "degraded", since: "2026-01-01T10:00:00Z", reason: "" })).toMatch(
    / since .+: search/,
  );
});

test("a polled streamer says what does not come, and why", () => {
  expect(polledWords("Pia", "the cost budget is used up")).toMatch(
    /of Pia .*\(the cost budget is used up\).*do not come\.$/,
  );
  expect(polledWords("Pia", "")).not.toContain("()");
});
