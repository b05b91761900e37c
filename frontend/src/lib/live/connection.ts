/**
 * What a connection does, as one pure function: `step(connection, event) -> [connection, effects]`.
 *
 * Every transition is in `TABLE`; a pair that is not in it changes nothing. Time and chance are in the events. Each
 * dial has a slot of its own, and whatever comes from a slot that is no longer used is dropped.
 */
import { cover } from "./logs";
import { WITHOUT_CHAT, type Frame, type Position, type Resume } from "./protocol";
import {
  INITIAL,
  type Connection,
  type Effect,
  type Event,
  type Input,
  type Phase,
  type Step,
  type Timer,
} from "./state";

const DIAL_MS = 10_000;
const STABLE_MS = 60_000;
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
const MAX_AT_ONCE = 40;
const AGAIN_MS = 5_000;
const SIGNED_OUT = 4501;
const ORIGIN_REFUSED = 4506;
const TICKET_EXPIRED = 4006;

type Name = Input["type"];
type Rule<N extends Name> = (state: Connection, event: Event & { readonly type: N }) => Step;
type Rules = { readonly [N in Name]?: Rule<N> };

/** What to do with an event; the same state, and nothing to do, where the table has no rule for it. */
export function step(state: Connection, event: Event): Step {
  const rule = TABLE[state.phase][event.type] as Rule<Name> | undefined;
  return rule ? rule(state, event) : [state, []];
}

const askTicket = (state: Connection): Step => [
  { ...state, phase: "ticketing", ticket: null, resumeTicket: null },
  [{ type: "disarm", name: "retry" }, { type: "arm", name: "dial", ms: DIAL_MS }, { type: "fetchTicket" }],
];

/** Dial with the resume ticket if there is one (no REST call), else ask for a ticket. */
const dial = (state: Connection): Step => {
  if (state.url === null || state.resumeTicket === null) return askTicket(state);
  return open({ ...state, resumeTicket: null }, state.url, state.resumeTicket);
};

const open = (state: Connection, url: string, ticket: string): Step => {
  const slot = state.slots + 1;
  return [
    { ...state, phase: "dialing", slot, slots: slot, url, ticket, nextSlot: null },
    [
      { type: "disarm", name: "retry" },
      { type: "arm", name: "dial", ms: DIAL_MS },
      { type: "open", slot, url },
    ],
  ];
};

const hello = (state: Connection, slot: number, ticket: string | null): Step => {
  const resume: Record<string, Resume> = {};
  for (const [id, position] of state.cursors)
    resume[id] = state.chat.has(id) ? position : { position, types: WITHOUT_CHAT };
  return [
    { ...state, told: wishes(state) },
    [{ type: "send", slot, message: { type: "hello", ticket: ticket ?? "", resume } }],
  ];
};

/** Who is wanted, and whether with their chat. */
const wishes = (state: Connection): ReadonlyMap<string, boolean> =>
  new Map([...state.cursors.keys()].map((id) => [id, state.chat.has(id)]));

const QUIET: readonly Effect[] = (["dial", "silence", "stable", "again"] as const).map((name) => ({
  type: "disarm",
  name,
}));

/** Wait, with full jitter, then dial. */
const wait = (state: Connection, event: Event, atLeastMs = 0): Step => {
  const ceiling = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** state.attempt);
  const ms = Math.max(atLeastMs, Math.round(event.roll * ceiling));
  const droppedAt = state.droppedAt ?? event.now;
  return [
    { ...state, phase: "waiting", attempt: state.attempt + 1, droppedAt, nextSlot: null, ticket: null },
    [...QUIET, { type: "arm", name: "retry", ms }],
  ];
};

const end = (state: Connection, code: number, reason: string): Step => [
  { ...state, phase: "ended", code, reason, ticket: null, resumeTicket: null, nextSlot: null },
  [...QUIET, { type: "disarm", name: "retry" }],
];

/** Leave a socket that is no good, and wait. */
const leave = (state: Connection, event: Event): Step => {
  const [next, effects] = wait(state, event);
  const slots = state.nextSlot === null ? [state.slot] : [state.slot, state.nextSlot];
  return [next, [...slots.map((slot): Effect => ({ type: "close", slot })), ...effects]];
};

const closed: Rule<"closed"> = (state, event) => {
  if (event.slot !== state.slot) return [state, []];
  if (event.code >= 4500 && event.code <= 4999) return end(state, event.code, "");
  const resumeTicket = event.code === TICKET_EXPIRED ? null : state.resumeTicket;
  return wait({ ...state, resumeTicket }, event);
};

const stop: Rule<"stop"> = (state) => {
  const slots = [state.slot, state.nextSlot].filter((slot) => slot !== null && slot > 0);
  return [
    { ...INITIAL, slots: state.slots },
    [
      ...slots.map((slot): Effect => ({ type: "close", slot: slot as number })),
      ...QUIET,
      { type: "disarm", name: "retry" },
    ],
  ];
};

const networkOff: Rule<"networkOff"> = (state, event) => {
  const slots = [state.slot, state.nextSlot].filter((slot) => slot !== null && slot > 0);
  return [
    { ...state, phase: "offline", droppedAt: state.droppedAt ?? event.now, nextSlot: null, ticket: null },
    [
      ...slots.map((slot): Effect => ({ type: "close", slot: slot as number })),
      ...QUIET,
      { type: "disarm", name: "retry" },
    ],
  ];
};

/** Remember what is wanted; a position that is known already is never replaced by an older caller's. */
const want: Rule<"want"> = (state, event) => {
  const cursors = new Map<string, Position | null>();
  for (const [id, position] of event.streamers) cursors.set(id, state.cursors.get(id) ?? position);
  const refused = new Set([...state.refused].filter((id) => cursors.has(id)));
  const pending = new Set([...state.pending].filter((id) => cursors.has(id)));
  return [{ ...state, cursors, chat: event.chat, refused, pending }, []];
};

const subscribe = (state: Connection, slot: number, id: string): Effect => {
  const position = state.cursors.get(id) ?? null;
  return {
    type: "send",
    slot,
    message: {
      type: "subscribe",
      streamer_id: id,
      ...(position === null ? {} : { position }),
      ...(state.chat.has(id) ? {} : { types: WITHOUT_CHAT }),
    },
  };
};

/** Tell a socket the difference between what it was told and what is wanted. */
const difference = (
  state: Connection,
  slot: number,
  told: ReadonlyMap<string, boolean>,
): readonly Effect[] => [
  ...[...told.keys()]
    .filter((id) => !state.cursors.has(id))
    .map((id): Effect => ({ type: "send", slot, message: { type: "unsubscribe", streamer_id: id } })),
  ...changed(state, told).map((id) => subscribe(state, slot, id)),
];

/** Who is to be asked for: not told yet, or told of with another wish for the chat. */
const changed = (state: Connection, told: ReadonlyMap<string, boolean>): readonly string[] =>
  [...state.cursors.keys()].filter((id) => told.get(id) !== state.chat.has(id));

const wantNow: Rule<"want"> = (state, event) => {
  const [next] = want(state, event);
  const told = wishes(state);
  const added = changed(next, told);
  const messages = difference(next, state.slot, told);
  // The server counts messages; one `hello` on a new socket says any number of wishes.
  if (messages.length > MAX_AT_ONCE && state.phase === "live") {
    const [redialed, effects] = dial(next);
    return [redialed, [{ type: "close", slot: state.slot }, ...QUIET, ...effects]];
  }
  return [{ ...next, pending: new Set([...next.pending, ...added]) }, messages];
};

/** What changed after `hello` had been sent is made good on `welcome`. */
const welcome = (state: Connection, event: Event & { type: "frame" }): Step => {
  if (event.frame.type !== "welcome") return [state, []];
  const pingMs = Math.max(1, event.frame.ping_interval_s) * 1_000;
  return [
    {
      ...state,
      phase: "live",
      pingMs,
      resumeTicket: event.frame.resume_ticket,
      ticket: null,
      droppedAt: null,
      everLive: true,
      code: null,
      reason: "",
      pending: new Set(state.cursors.keys()),
      refused: new Set(),
    },
    [
      { type: "disarm", name: "dial" },
      { type: "arm", name: "silence", ms: 2 * pingMs },
      { type: "arm", name: "stable", ms: STABLE_MS },
      { type: "apply", frame: event.frame },
      ...difference(state, state.slot, state.told),
    ],
  ];
};

const greeted: Rule<"frame"> = (state, event) =>
  event.slot === state.slot ? welcome(state, event) : [state, []];

/** Any frame shows that the socket lives. */
const framed: Rule<"frame"> = (state, event) => {
  if (event.slot !== state.slot) return [state, []];
  const [next, effects] = take(state, event);
  return [next, [{ type: "arm", name: "silence", ms: 2 * state.pingMs }, ...effects]];
};

const take: Rule<"frame"> = (state, { frame, slot, roll }) => {
  switch (frame.type) {
    case "unknown":
    case "malformed":
    case "welcome":
      return [state, []];
    case "ping":
      return [state, [{ type: "send", slot, message: { type: "pong" } }]];
    case "move":
      return startMove(state, frame.url, frame.ticket);
    case "error":
      return refuse(state, frame, roll);
    case "subscribed":
    case "events":
    case "lagged":
      return covered(state, frame);
    case "state":
    case "unsubscribed":
      return [state, [{ type: "apply", frame }]];
  }
};

/** Move the cursor of a streamer over what a frame covers; frames of one that is no longer wanted are dropped. */
const covered = (state: Connection, frame: Frame & { type: "subscribed" | "events" | "lagged" }): Step => {
  const id = frame.streamer_id;
  if (!state.cursors.has(id)) return [state, []];
  // Until `subscribed` comes, what still arrives is an older subscription's and may leave a hole behind the cursor.
  if (frame.type !== "subscribed" && state.pending.has(id)) return [state, []];
  const cursor = cover(state.cursors.get(id) ?? null, frame);
  const pending = frame.type === "subscribed" ? without(state.pending, id) : state.pending;
  return [{ ...state, cursors: new Map(state.cursors).set(id, cursor), pending }, [{ type: "apply", frame }]];
};

const refuse = (state: Connection, frame: Frame & { type: "error" }, roll: number): Step => {
  const apply: Effect = { type: "apply", frame };
  const id = frame.streamer_id;
  if (!id || !state.cursors.has(id)) return [state, [apply]];
  const next = { ...state, pending: without(state.pending, id) };
  if (frame.code === "bad_position") {
    // The place means nothing to the server any more: go on from now, and the page shows that it does not know.
    const cursors = new Map(state.cursors).set(id, null);
    const pending = new Set([...state.pending, id]);
    const asked = { ...state, cursors, pending };
    return [asked, [apply, subscribe(asked, state.slot, id)]];
  }
  if (frame.code !== "unavailable") return [next, [apply]];
  const ms = Math.round(AGAIN_MS * (0.5 + roll / 2));
  return [{ ...next, refused: new Set([...next.refused, id]) }, [apply, { type: "arm", name: "again", ms }]];
};

const again: Rule<"timer"> = (state) => [
  { ...state, refused: new Set(), pending: new Set([...state.pending, ...state.refused]) },
  [...state.refused].map((id) => subscribe(state, state.slot, id)),
];

const without = (set: ReadonlySet<string>, id: string): ReadonlySet<string> =>
  new Set([...set].filter((x) => x !== id));

const startMove = (state: Connection, url: string, ticket: string): Step => {
  if (state.phase === "moving") return [state, []];
  const nextSlot = state.slots + 1;
  return [
    { ...state, phase: "moving", nextSlot, slots: nextSlot, url, moveTicket: ticket },
    [
      { type: "arm", name: "dial", ms: DIAL_MS },
      { type: "open", slot: nextSlot, url },
    ],
  ];
};

/** While moving, events come from both sockets; the log drops what it has. */
const movingFrame: Rule<"frame"> = (state, event) => {
  if (event.slot === state.slot) return framed(state, event);
  if (event.slot !== state.nextSlot || event.frame.type !== "welcome") return [state, []];
  const [next, effects] = welcome({ ...state, slot: event.slot, nextSlot: null, moveTicket: null }, event);
  return [next, [{ type: "close", slot: state.slot }, ...effects]];
};

const movingOpened: Rule<"opened"> = (state, event) =>
  event.slot === state.nextSlot
    ? hello({ ...state, moveTicket: null }, event.slot, state.moveTicket)
    : [state, []];

/** If the new socket fails, the old one goes on; if the old one fails, all hope is in the new one. */
const movingClosed: Rule<"closed"> = (state, event) => {
  if (event.slot === state.nextSlot) {
    return [
      { ...state, phase: "live", nextSlot: null, moveTicket: null },
      [{ type: "disarm", name: "dial" }],
    ];
  }
  if (event.slot !== state.slot || state.nextSlot === null) return [state, []];
  const phase = state.moveTicket === null ? "greeting" : "dialing";
  return [
    { ...state, phase, slot: state.nextSlot, nextSlot: null, ticket: state.moveTicket, droppedAt: event.now },
    [
      { type: "disarm", name: "silence" },
      { type: "disarm", name: "stable" },
    ],
  ];
};

const opened: Rule<"opened"> = (state, event) =>
  event.slot === state.slot ? hello({ ...state, phase: "greeting" }, event.slot, state.ticket) : [state, []];

const ticket: Rule<"ticket"> = (state, event) => open(state, event.url, event.ticket);

const ticketRefused: Rule<"ticketRefused"> = (state, event) => {
  if (event.status === 401) return end(state, SIGNED_OUT, event.detail);
  if (event.status === 403) return end(state, ORIGIN_REFUSED, event.detail);
  return wait({ ...state, reason: event.detail }, event, event.retryAfterMs);
};

const on =
  (name: Timer, rule: Rule<"timer">): Rule<"timer"> =>
  (state, event) =>
    event.name === name ? rule(state, event) : [state, []];

const liveTimer: Rule<"timer"> = (state, event) => {
  if (event.name === "silence") return leave(state, event);
  if (event.name === "stable") return [{ ...state, attempt: 0 }, []];
  if (event.name === "again") return again(state, event);
  return [state, []];
};

const movingTimer: Rule<"timer"> = (state, event) => {
  if (event.name !== "dial") return liveTimer(state, event);
  const slot = state.nextSlot as number;
  return [{ ...state, phase: "live", nextSlot: null, moveTicket: null }, [{ type: "close", slot }]];
};

const rest = { stop, want } satisfies Rules;
const up = { ...rest, networkOff, closed } satisfies Rules;

/** Every transition of a connection is in this table. */
export const TABLE: Readonly<Record<Phase, Rules>> = {
  idle: { want, start: dial },
  ticketing: {
    ...rest,
    networkOff,
    ticket,
    ticketRefused,
    timer: on("dial", (state, event) => wait(state, event)),
  },
  dialing: { ...up, opened, timer: on("dial", leave) },
  greeting: { ...up, frame: greeted, timer: on("dial", leave) },
  live: { ...up, want: wantNow, frame: framed, timer: liveTimer },
  moving: {
    ...up,
    want: wantNow,
    opened: movingOpened,
    frame: movingFrame,
    closed: movingClosed,
    timer: movingTimer,
  },
  waiting: { ...rest, networkOff, timer: on("retry", dial), networkOn: dial, shown: dial, retry: dial },
  offline: { ...rest, networkOn: dial, shown: dial, retry: dial },
  ended: { ...rest, retry: dial },
};
