/** Every pair of phase and event does what the table says, and a socket's whole life goes as a person would expect. */
import { describe, expect, test } from "vitest";
import { step, TABLE } from "./connection";
import { INITIAL, type Connection, type Effect, type Event, type Input, type Phase } from "./state";
import type { Frame } from "./protocol";
import { statusOf } from "./status";

const WELCOME: Frame = {
  type: "welcome",
  connection_id: "c",
  user_id: "7",
  ping_interval_s: 20,
  resume_ticket: "R",
};
const MOVE: Frame = { type: "move", url: "ws://b/", ticket: "M", after_ms: 0 };

function run(state: Connection, ...inputs: Input[]): { state: Connection; effects: Effect[] } {
  let effects: readonly Effect[] = [];
  for (const input of inputs) [state, effects] = step(state, { ...input, now: 1_000, roll: 0.5 } as Event);
  return { state, effects: [...effects] };
}

const want = (...ids: string[]): Input => ({
  type: "want",
  streamers: new Map(ids.map((id) => [id, null])),
  chat: new Set(ids),
});
const frame = (slot: number, frame: Frame): Input => ({ type: "frame", slot, frame });
const subscribed = (slot: number, id: string, offset = 0): Input =>
  frame(slot, { type: "subscribed", streamer_id: id, position: `e:${offset}`, recovery: "complete" });
const events = (slot: number, id: string, ...offsets: number[]): Input =>
  frame(slot, {
    type: "events",
    streamer_id: id,
    events: offsets.map((offset) => ({
      id: `${offset}`,
      type: "stream.online",
      version: "1",
      streamer_id: id,
      at: "2026-01-01T00:00:00Z",
      position: `e:${offset}`,
      class: "critical",
      data: {},
    })),
  });

const toDialing: Input[] = [want("1"), { type: "start" }, { type: "ticket", url: "ws://a/", ticket: "T" }];
const toLive: Input[] = [...toDialing, { type: "opened", slot: 1 }, frame(1, WELCOME), subscribed(1, "1")];

const IN: Record<Phase, Connection> = {
  idle: INITIAL,
  ticketing: run(INITIAL, ...toDialing.slice(0, 2)).state,
  dialing: run(INITIAL, ...toDialing).state,
  greeting: run(INITIAL, ...toLive.slice(0, 4)).state,
  live: run(INITIAL, ...toLive).state,
  moving: run(INITIAL, ...toLive, frame(1, MOVE)).state,
  waiting: run(INITIAL, ...toLive, { type: "closed", slot: 1, code: 1006 }).state,
  offline: run(INITIAL, ...toLive, { type: "networkOff" }).state,
  ended: run(INITIAL, ...toLive, { type: "closed", slot: 1, code: 4505 }).state,
};

const EVENTS = {
  start: { type: "start" },
  stop: { type: "stop" },
  ticket: { type: "ticket", url: "ws://x/", ticket: "X" },
  refused: { type: "ticketRefused", status: 503, detail: "no room", retryAfterMs: 2_000 },
  signedOut: { type: "ticketRefused", status: 401, detail: "sign in", retryAfterMs: 0 },
  opened: { type: "opened", slot: 1 },
  welcome: frame(1, WELCOME),
  moveFrame: frame(1, MOVE),
  closed: { type: "closed", slot: 1, code: 1006 },
  closedForGood: { type: "closed", slot: 1, code: 4500 },
  closedStranger: { type: "closed", slot: 99, code: 4500 },
  dialTimer: { type: "timer", name: "dial" },
  silenceTimer: { type: "timer", name: "silence" },
  retryTimer: { type: "timer", name: "retry" },
  networkOn: { type: "networkOn" },
  networkOff: { type: "networkOff" },
  shown: { type: "shown" },
  retry: { type: "retry" },
  want: want("1", "2"),
} satisfies Record<string, Input>;

// Where nothing is named, the phase stays.
const NEXT: Record<Phase, Partial<Record<keyof typeof EVENTS, Phase>>> = {
  idle: { start: "ticketing" },
  ticketing: {
    stop: "idle",
    ticket: "dialing",
    refused: "waiting",
    signedOut: "ended",
    dialTimer: "waiting",
    networkOff: "offline",
  },
  dialing: {
    stop: "idle",
    opened: "greeting",
    closed: "waiting",
    closedForGood: "ended",
    dialTimer: "waiting",
    networkOff: "offline",
  },
  greeting: {
    stop: "idle",
    welcome: "live",
    closed: "waiting",
    closedForGood: "ended",
    dialTimer: "waiting",
    networkOff: "offline",
  },
  live: {
    stop: "idle",
    moveFrame: "moving",
    closed: "waiting",
    closedForGood: "ended",
    silenceTimer: "waiting",
    networkOff: "offline",
  },
  moving: {
    stop: "idle",
    closed: "dialing",
    closedForGood: "dialing",
    dialTimer: "live",
    silenceTimer: "waiting",
    networkOff: "offline",
  },
  // The resume ticket makes a redial without asking for a new one.
  waiting: {
    stop: "idle",
    retryTimer: "dialing",
    networkOn: "dialing",
    shown: "dialing",
    retry: "dialing",
    networkOff: "offline",
  },
  offline: { stop: "idle", networkOn: "dialing", shown: "dialing", retry: "dialing" },
  ended: { stop: "idle", retry: "ticketing" },
};

describe("every pair of phase and event", () => {
  for (const phase of Object.keys(IN) as Phase[]) {
    for (const name of Object.keys(EVENTS) as (keyof typeof EVENTS)[]) {
      test(`${phase} + ${name} -> ${NEXT[phase][name] ?? "the same"}`, () => {
        expect(IN[phase].phase).toBe(phase);

        const { state, effects } = run(IN[phase], EVENTS[name]);

        expect(state.phase).toBe(NEXT[phase][name] ?? phase);
        if (!(EVENTS[name].type in TABLE[phase])) {
          expect(state).toBe(IN[phase]);
          expect(effects).toEqual([]);
        }
      });
    }
  }
});

describe("the life of a socket", () => {
  test("says hello with the ticket and the last position of each streamer", () => {
    const wanted: Input = {
      type: "want",
      streamers: new Map([
        ["1", "e:41"],
        ["2", null],
        ["3", null],
      ]),
      chat: new Set(["1", "2"]),
    };

    const { effects } = run(INITIAL, wanted, ...toDialing.slice(1), { type: "opened", slot: 1 });

    expect(effects).toEqual([
      {
        type: "send",
        slot: 1,
        message: {
          type: "hello",
          ticket: "T",
          resume: { "1": "e:41", "2": null, "3": { position: null, types: ["-channel.chat.*"] } },
        },
      },
    ]);
  });

  test("a chat that comes on screen is asked for from the last event on, and left out again when it goes", () => {
    const quiet: Input = { ...(want("1") as Input & { type: "want" }), chat: new Set() };

    const gone = run(IN.live, events(1, "1", 5), quiet);
    expect(gone.effects).toContainEqual({
      type: "send",
      slot: 1,
      message: { type: "subscribe", streamer_id: "1", position: "e:5", types: ["-channel.chat.*"] },
    });

    const back = run(gone.state, subscribed(1, "1"), events(1, "1", 8), want("1"));
    expect(back.effects).toContainEqual({
      type: "send",
      slot: 1,
      message: { type: "subscribe", streamer_id: "1", position: "e:8" },
    });
    expect(run(back.state, want("1")).effects).toEqual([]);
  });

  test("a chat that came on screen between hello and welcome is asked for then", () => {
    const quiet: Input = { ...(want("1") as Input & { type: "want" }), chat: new Set() };

    const { effects } = run(
      INITIAL,
      quiet,
      ...toDialing.slice(1),
      { type: "opened", slot: 1 },
      want("1"),
      frame(1, WELCOME),
    );

    expect(effects).toContainEqual({
      type: "send",
      slot: 1,
      message: { type: "subscribe", streamer_id: "1" },
    });
  });

  test("what was wanted after hello is told on welcome", () => {
    const { effects } = run(IN.greeting, want("2"), frame(1, WELCOME));

    const sent = effects.filter((effect) => effect.type === "send").map((effect) => effect.message);
    expect(sent).toEqual([
      { type: "unsubscribe", streamer_id: "1" },
      { type: "subscribe", streamer_id: "2" },
    ]);
  });

  test("a redial resumes from the last event that was applied, without a REST call", () => {
    const { effects: dialed, state } = run(
      IN.live,
      events(1, "1", 3, 7),
      { type: "closed", slot: 1, code: 4000 },
      { type: "retry" },
    );
    const { effects } = run(state, { type: "opened", slot: 2 });

    expect(dialed.map((effect) => effect.type)).not.toContain("fetchTicket");
    expect(effects).toEqual([
      { type: "send", slot: 2, message: { type: "hello", ticket: "R", resume: { "1": "e:7" } } },
    ]);
  });

  test("a resume ticket that did not lead to a welcome is not tried again", () => {
    const { effects } = run(
      IN.waiting,
      { type: "retry" },
      { type: "closed", slot: 2, code: 1006 },
      { type: "retry" },
    );

    expect(effects.map((effect) => effect.type)).toContain("fetchTicket");
  });

  test.each([
    [0, 250],
    [3, 2_000],
    [20, 15_000],
  ])("attempt %i waits %i ms at half the jitter", (attempt, ms) => {
    const { effects } = run({ ...IN.live, attempt }, { type: "closed", slot: 1, code: 1006 });

    expect(effects).toContainEqual({ type: "arm", name: "retry", ms });
  });

  test("a minute of live makes the next wait short again", () => {
    expect(run({ ...IN.live, attempt: 6 }, { type: "timer", name: "stable" }).state.attempt).toBe(0);
  });

  test("the server's Retry-After is the least wait", () => {
    const { effects } = run(IN.ticketing, EVENTS.refused);

    expect(effects).toContainEqual({ type: "arm", name: "retry", ms: 2_000 });
  });

  test("a ping is answered, and any frame puts off the silence timer", () => {
    expect(run(IN.live, frame(1, { type: "ping" })).effects).toEqual([
      { type: "arm", name: "silence", ms: 40_000 },
      { type: "send", slot: 1, message: { type: "pong" } },
    ]);
  });

  test("a move takes from both sockets and closes the old one when the new one is welcomed", () => {
    const moving = run(IN.moving, events(1, "1", 5), { type: "opened", slot: 2 });
    expect(moving.effects).toEqual([
      { type: "send", slot: 2, message: { type: "hello", ticket: "M", resume: { "1": "e:5" } } },
    ]);

    const { state, effects } = run(moving.state, events(1, "1", 6), frame(2, WELCOME));

    expect(effects).toContainEqual({ type: "close", slot: 1 });
    expect([state.phase, state.slot, state.cursors.get("1")]).toEqual(["live", 2, "e:6"]);
  });

  test("an old socket that dies while the new one is greeted is not waited for", () => {
    const { state } = run(
      IN.moving,
      { type: "opened", slot: 2 },
      { type: "closed", slot: 1, code: 4005 },
      frame(2, WELCOME),
    );

    expect([state.phase, state.slot]).toEqual(["live", 2]);
  });

  test("events of an unsubscribed streamer, or of one whose subscribed is due, are dropped", () => {
    expect(run(IN.live, events(1, "9", 1)).effects.filter((effect) => effect.type === "apply")).toEqual([]);

    const { effects, state } = run(IN.live, want(), want("1"), events(1, "1", 8));
    expect(effects.filter((effect) => effect.type === "apply")).toEqual([]);
    expect(state.cursors.get("1")).toBeNull();
  });

  test("a streamer that is unavailable is asked for again, an unknown one is not", () => {
    const refuse = (code: string): Input => frame(1, { type: "error", code, message: "", streamer_id: "1" });

    const { effects } = run(IN.live, refuse("unavailable"), { type: "timer", name: "again" });
    expect(effects).toEqual([
      { type: "send", slot: 1, message: { type: "subscribe", streamer_id: "1", position: "e:0" } },
    ]);
    expect(run(IN.live, refuse("unknown_streamer"), { type: "timer", name: "again" }).effects).toEqual([]);
  });

  test("many new wishes at once go in one hello on a new socket", () => {
    const many = Array.from({ length: 60 }, (_, id) => `${id}`);

    const { state, effects } = run(IN.live, want("1", ...many));

    expect(effects.filter((effect) => effect.type === "send")).toEqual([]);
    expect(effects).toContainEqual({ type: "close", slot: 1 });
    expect(run(state, { type: "opened", slot: 2 }).state.told.size).toBe(60);
  });

  test("a position that the server cannot read is given up for now", () => {
    const { effects } = run(
      IN.live,
      frame(1, { type: "error", code: "bad_position", message: "", streamer_id: "1" }),
    );

    expect(effects).toContainEqual({
      type: "send",
      slot: 1,
      message: { type: "subscribe", streamer_id: "1" },
    });
  });
});

test.each<[Phase, object]>([
  ["idle", { kind: "idle" }],
  ["ticketing", { kind: "connecting", reason: "" }],
  ["greeting", { kind: "connecting", reason: "" }],
  ["live", { kind: "live" }],
  ["moving", { kind: "live" }],
  ["waiting", { kind: "reconnecting", since: 1_000, reason: "" }],
  ["offline", { kind: "offline", since: 1_000 }],
  ["ended", { kind: "ended", code: 4505, reason: "" }],
])("%s is told as %o", (phase, status) => {
  expect(statusOf(IN[phase])).toEqual(status);
});

test("a welcomed socket is catching up until each streamer is answered", () => {
  const { state } = run(IN.greeting, frame(1, WELCOME));

  expect(statusOf(state)).toEqual({ kind: "catching_up", toGo: 1 });
  expect(statusOf(run(state, subscribed(1, "1")).state)).toEqual({ kind: "live" });
});
