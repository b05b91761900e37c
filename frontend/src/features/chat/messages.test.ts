/** What cannot be sent says why, and what was sent says what became of it. */
import { expect, test } from "vitest";
import { blockedWords, laggedWords, newWords, outgoingWords, recipientWords } from "./messages";
import type { State } from "./outbox";

test.each([
  [{ kind: "offline", since: 0 }, 0, 0, "Not connected: what you type stays here"],
  [{ kind: "live" }, 3_200, 0, "Wait 4 s"],
  [{ kind: "live" }, 0, 2, "2 characters too long"],
  [{ kind: "catching_up", toGo: 1 }, 0, -3, null],
] as const)("%o, wait %i, %i too long: %s", (status, wait, over, words) => {
  expect(blockedWords(status, wait, over)).toBe(words);
});

test.each<[State, string]>([
  [{ kind: "sending" }, "Sending"],
  [{ kind: "taken", id: "m" }, "Sent, not shown yet"],
  [{ kind: "unconfirmed", id: "m" }, "Twitch took it but has not shown it"],
  [{ kind: "failed", words: "held", again: false, returned: true }, "Not sent: held"],
])("%o", (state, words) => {
  expect(outgoingWords({ key: "k", streamer: "1", text: "t", reply: null, after: null, state })).toBe(words);
});

test("counts are told with their noun", () => {
  expect(laggedWords(1)).toMatch(/^1 message skipped/);
  expect([newWords(0), newWords(2)]).toEqual(["Jump to latest", "2 new messages, jump to latest"]);
  expect(recipientWords(Array.from({ length: 14 }, (_, n) => `n${n}`))).toMatch(/n11, and 2 others$/);
});
