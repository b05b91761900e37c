/**
 * What a viewer writes, from the press of Enter until Twitch shows it: nothing counts as said before its event is
 * there, nothing is sent again by itself, and no typed word is lost.
 *
 * Pure: `step(outbox, event) -> outbox`. A message keeps its key as long as it lives, so that sending it again can
 * never say it twice.
 */
import { isAfter, type Chat } from "./fold";
import type { Place, Quoted } from "./item";

export type State =
  | { readonly kind: "sending" }
  /** Twitch took it; its event is on its way. */
  | { readonly kind: "taken"; readonly id: string }
  /** Its event has not come for long. */
  | { readonly kind: "unconfirmed"; readonly id: string }
  | {
      readonly kind: "failed";
      readonly words: string;
      /** Whether the same message may be sent again, with the same key. */
      readonly again: boolean;
      /** Whether its words went back into the box. */
      readonly returned: boolean;
    };

export interface Outgoing {
  readonly key: string;
  readonly streamer: string;
  readonly text: string;
  readonly reply: Quoted | null;
  /** The last row of the chat when it was sent: its own event stands after that. */
  readonly after: Place | null;
  readonly state: State;
}

interface Sent {
  readonly streamer: string;
  readonly at: number;
}

export interface Outbox {
  readonly rows: readonly Outgoing[];
  readonly sent: readonly Sent[];
  /** Until when the server takes nothing, by streamer. */
  readonly shut: ReadonlyMap<string, number>;
  /** Whether the server says that leave to write is missing. */
  readonly lacksScope: boolean;
}

export interface Refusal {
  readonly status: number;
  readonly detail: string;
  readonly retryAfterS: number;
  /** A member of the problem: which group of scopes is missing, or what kind of refusal it is. */
  readonly scope: string;
  readonly code: string;
}

export type Event =
  | { readonly type: "sent"; readonly row: Omit<Outgoing, "state">; readonly now: number }
  | { readonly type: "again"; readonly key: string; readonly now: number }
  | { readonly type: "taken"; readonly key: string; readonly id: string }
  | {
      readonly type: "refused";
      readonly key: string;
      readonly refusal: Refusal;
      /** Whether the words can go back into the box, which is empty. */
      readonly boxIsEmpty: boolean;
      readonly now: number;
    }
  | { readonly type: "late"; readonly key: string }
  | { readonly type: "echoed"; readonly ids: ReadonlySet<string> }
  | { readonly type: "dropped"; readonly key: string };

export const EMPTY_OUTBOX: Outbox = { rows: [], sent: [], shut: new Map(), lacksScope: false };

export const MAX_CHARS = 500;
/** From here on the number is shown. */
export const COUNTED_FROM = 400;
const WINDOW_MS = 30_000;
const PER_WINDOW = 20;
const CHANNEL_MS = 1_000;

const UNKNOWN = "outcome_unknown";

export function step(outbox: Outbox, event: Event): Outbox {
  switch (event.type) {
    case "sent": {
      const { row, now } = event;
      // Failures whose words are back in the box have been read when the next message goes.
      const rows = outbox.rows.filter((other) => other.streamer !== row.streamer || !isReturned(other));
      const sending: Outgoing = { ...row, state: { kind: "sending" } };
      return { ...outbox, rows: [...rows, sending], sent: noted(outbox.sent, row.streamer, now) };
    }
    case "again": {
      const row = outbox.rows.find((other) => other.key === event.key);
      if (!row) return outbox;
      const sent = noted(outbox.sent, row.streamer, event.now);
      return { ...put(outbox, event.key, { kind: "sending" }), sent };
    }
    case "taken":
      return put(outbox, event.key, { kind: "taken", id: event.id });
    case "late":
      return late(outbox, event.key);
    case "refused":
      return refused(outbox, event);
    case "echoed": {
      const rows = outbox.rows.filter((row) => !hasCome(row, event.ids));
      return rows.length === outbox.rows.length ? outbox : { ...outbox, rows };
    }
    case "dropped":
      return { ...outbox, rows: outbox.rows.filter((row) => row.key !== event.key) };
  }
}

/** How long to wait before the next message to a streamer, ms. Twitch ignores those who write faster for an hour. */
export function waitMs(outbox: Outbox, streamer: string, now: number): number {
  const recent = outbox.sent.filter((one) => one.at > now - WINDOW_MS);
  const here = recent.filter((one) => one.streamer === streamer).at(-1);
  const first = recent.length >= PER_WINDOW ? recent.at(-PER_WINDOW) : undefined;
  const until = [
    here ? here.at + CHANNEL_MS : 0,
    first ? first.at + WINDOW_MS : 0,
    outbox.shut.get(streamer) ?? 0,
  ];
  return Math.max(0, Math.max(...until) - now);
}

/**
 * What still stands below a chat: a message whose event is there is shown once, by its event, even if that comes
 * before the answer to the request.
 */
export function waiting(outbox: Outbox, streamer: string, chat: Chat, me: string): readonly Outgoing[] {
  return outbox.rows.filter((row) => {
    if (row.streamer !== streamer || hasCome(row, chat.ids)) return false;
    return row.state.kind !== "sending" || !hasOwn(chat, row, me);
  });
}

function hasOwn(chat: Chat, row: Outgoing, me: string): boolean {
  return chat.items.some(
    (item) =>
      item.kind === "message" &&
      item.author.id === me &&
      item.text === row.text &&
      isAfter(item.place, row.after, chat.removed.epochs),
  );
}

/** How long a text is, as Twitch counts it. */
export const lengthOf = (text: string): number => [...text].length;

const isReturned = ({ state }: Outgoing): boolean => state.kind === "failed" && state.returned;

const hasCome = ({ state }: Outgoing, ids: ReadonlySet<string>): boolean =>
  (state.kind === "taken" || state.kind === "unconfirmed") && ids.has(state.id);

const noted = (sent: readonly Sent[], streamer: string, at: number): readonly Sent[] => [
  ...sent.filter((one) => one.at > at - WINDOW_MS),
  { streamer, at },
];

const put = (outbox: Outbox, key: string, state: State): Outbox => ({
  ...outbox,
  rows: outbox.rows.map((row) => (row.key === key ? { ...row, state } : row)),
});

function late(outbox: Outbox, key: string): Outbox {
  const state = outbox.rows.find((row) => row.key === key)?.state;
  return state?.kind === "taken" ? put(outbox, key, { kind: "unconfirmed", id: state.id }) : outbox;
}

/** Whether a message was certainly not said, and will not be. */
export const isFinal = ({ status, code }: Refusal): boolean =>
  status >= 400 && status < 500 && code !== UNKNOWN;

function refused(outbox: Outbox, { key, refusal, boxIsEmpty, now }: Event & { type: "refused" }): Outbox {
  const row = outbox.rows.find((other) => other.key === key);
  if (!row) return outbox;
  const { status, detail, retryAfterS } = refusal;
  const failed = put(outbox, key, {
    kind: "failed",
    words: detail,
    // Nobody could be asked, or nobody knows: the same key makes another try safe.
    again: status === 0 || status >= 500,
    returned: isFinal(refusal) && boxIsEmpty,
  });
  const shut =
    status === 429 ? new Map(outbox.shut).set(row.streamer, now + retryAfterS * 1_000) : outbox.shut;
  return { ...failed, shut, lacksScope: outbox.lacksScope || (status === 403 && refusal.scope !== "") };
}
