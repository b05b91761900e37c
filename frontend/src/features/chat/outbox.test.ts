/** A message is said when Twitch shows it; until then it is told what became of it, and no word is lost. */
import { describe, expect, test } from "vitest";
import { apply, EMPTY } from "@/lib/live/log";
import { foldChat } from "./fold";
import {
  EMPTY_OUTBOX,
  isFinal,
  lengthOf,
  step,
  waiting,
  waitMs,
  type Event,
  type Outbox,
  type Refusal,
} from "./outbox";

const row = (key: string, streamer = "1", text = key) => ({ key, streamer, text, reply: null, after: null });
const sent = (key: string, now = 0, streamer = "1"): Event => ({
  type: "sent",
  row: row(key, streamer),
  now,
});
const refusal = (status: number, more: Partial<Refusal> = {}): Refusal => ({
  status,
  detail: "because",
  retryAfterS: 0,
  scope: "",
  code: "",
  ...more,
});
const refused = (key: string, why: Refusal, boxIsEmpty = true, now = 0): Event => ({
  type: "refused",
  key,
  refusal: why,
  boxIsEmpty,
  now,
});
const run = (...events: Event[]): Outbox => events.reduce(step, EMPTY_OUTBOX);
const states = (outbox: Outbox) => outbox.rows.map(({ state }) => state.kind);
const chatWith = (id: string, user: string, text: string, position = "e:5") =>
  foldChat(
    apply(EMPTY, {
      type: "events",
      streamer_id: "1",
      events: [
        {
          id: "x",
          type: "channel.chat.message",
          version: "1",
          streamer_id: "1",
          at: "2026-01-01T00:00:00Z",
          position,
          class: "chat",
          data: { message_id: id, chatter_user_id: user, message: { text } },
        },
      ],
    }),
  );

test("sending, taken, shown: then it is its event alone", () => {
  const taken = run(sent("a"), { type: "taken", key: "a", id: "m1" });
  expect(states(taken)).toEqual(["taken"]);

  expect(step(taken, { type: "echoed", ids: new Set(["m0"]) })).toBe(taken);
  expect(step(taken, { type: "echoed", ids: new Set(["m1"]) }).rows).toEqual([]);
});

test("an event that comes before the answer is shown once; somebody else's equal words are not it", () => {
  const sending = run(sent("a"));

  expect(waiting(sending, "1", chatWith("m1", "me", "a"), "me")).toEqual([]);
  expect(waiting(sending, "1", chatWith("m1", "you", "a"), "me")).toHaveLength(1);
  expect(waiting(sending, "2", foldChat(EMPTY), "me")).toEqual([]);
});

test("what was said before with the same words is not the new message's event", () => {
  const again = run({ type: "sent", row: { ...row("a"), after: { epoch: "e", offset: 5 } }, now: 0 });

  expect(waiting(again, "1", chatWith("m1", "me", "a", "e:5"), "me")).toHaveLength(1);
  expect(waiting(again, "1", chatWith("m1", "me", "a", "e:6"), "me")).toEqual([]);
});

test("an event that does not come for long is told, and still taken when it comes", () => {
  const late = run(sent("a"), { type: "taken", key: "a", id: "m1" }, { type: "late", key: "a" });
  expect(states(late)).toEqual(["unconfirmed"]);
  expect(step(late, { type: "echoed", ids: new Set(["m1"]) }).rows).toEqual([]);

  expect(states(run(sent("a"), { type: "late", key: "a" }))).toEqual(["sending"]);
});

describe("a refusal", () => {
  test.each([409, 422, 403, 429])("%i gives the words back, if the box is free", (status) => {
    const back = run(sent("a"), refused("a", refusal(status)));
    expect(back.rows[0]?.state).toEqual({ kind: "failed", words: "because", again: false, returned: true });

    const kept = run(sent("a"), refused("a", refusal(status), false));
    expect(kept.rows[0]?.state).toMatchObject({ again: false, returned: false });
  });

  test.each([0, 500, 503])("%i may be tried again with the same key", (status) => {
    const failed = run(sent("a"), refused("a", refusal(status)));
    expect(failed.rows[0]?.state).toMatchObject({ again: true, returned: false });

    const again = step(failed, { type: "again", key: "a", now: 5 });
    expect(again.rows).toEqual([{ ...row("a"), state: { kind: "sending" } }]);
  });

  test("whose outcome nobody knows is neither given back nor sent again", () => {
    const why = refusal(409, { code: "outcome_unknown" });

    expect(run(sent("a"), refused("a", why)).rows[0]?.state).toMatchObject({ again: false, returned: false });
    expect(isFinal(why)).toBe(false);
  });

  test("for a missing scope is remembered", () => {
    expect(run(sent("a"), refused("a", refusal(403, { scope: "chat" }))).lacksScope).toBe(true);
    expect(run(sent("a"), refused("a", refusal(403))).lacksScope).toBe(false);
  });

  test("that was read goes with the next message, one whose words stand only there does not", () => {
    const outbox = run(
      sent("a"),
      refused("a", refusal(409)),
      sent("b", 2_000),
      refused("b", refusal(409), false),
      sent("c", 4_000),
    );

    expect(outbox.rows.map(({ key }) => key)).toEqual(["b", "c"]);
    expect(step(outbox, { type: "dropped", key: "b" }).rows.map(({ key }) => key)).toEqual(["c"]);
  });
});

test("what is not in the box changes nothing", () => {
  expect(run({ type: "again", key: "x", now: 0 }, refused("x", refusal(409)))).toEqual(EMPTY_OUTBOX);
});

describe("the wait before the next message", () => {
  test("is a second in one chat and none in another", () => {
    const outbox = run(sent("a", 0));

    expect(waitMs(outbox, "1", 400)).toBe(600);
    expect(waitMs(outbox, "2", 400)).toBe(0);
    expect(waitMs(outbox, "1", 1_000)).toBe(0);
  });

  test("is until the first of twenty is half a minute old", () => {
    const outbox = run(...Array.from({ length: 20 }, (_, n) => sent(`${n}`, n * 1_000, `${n}`)));

    expect(waitMs(outbox, "new", 20_000)).toBe(10_000);
    expect(waitMs(outbox, "new", 30_000)).toBe(0);
  });

  test("is what the server says, for that chat", () => {
    const outbox = run(sent("a"), refused("a", refusal(429, { retryAfterS: 12 }), true, 1_000));

    expect(waitMs(outbox, "1", 3_000)).toBe(10_000);
    expect(waitMs(outbox, "2", 3_000)).toBe(0);
  });
});

test("a text is counted as people see it", () => {
  expect(lengthOf("a🙂")).toBe(2);
});
