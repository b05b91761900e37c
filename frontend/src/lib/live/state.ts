/** What a connection is: its phases, what can happen to it, and what it asks to be done. */
import type { ClientMessage, Frame, Malformed, Position, Unknown } from "./protocol";

export type Phase =
  "idle" | "ticketing" | "dialing" | "greeting" | "live" | "moving" | "waiting" | "offline" | "ended";
export type Timer = "dial" | "silence" | "stable" | "retry" | "again";

export type Input =
  | { readonly type: "start" }
  | { readonly type: "stop" }
  | { readonly type: "ticket"; readonly url: string; readonly ticket: string }
  | {
      readonly type: "ticketRefused";
      readonly status: number;
      readonly detail: string;
      readonly retryAfterMs: number;
    }
  | { readonly type: "opened"; readonly slot: number }
  | { readonly type: "frame"; readonly slot: number; readonly frame: Frame | Unknown | Malformed }
  | { readonly type: "closed"; readonly slot: number; readonly code: number }
  | { readonly type: "timer"; readonly name: Timer }
  | { readonly type: "networkOn" }
  | { readonly type: "networkOff" }
  | { readonly type: "shown" }
  | { readonly type: "retry" }
  | {
      readonly type: "want";
      readonly streamers: ReadonlyMap<string, Position | null>;
      /** Those whose chat is wanted too. */
      readonly chat: ReadonlySet<string>;
    };

/** An event with the time it happened at and a random number in [0, 1). */
export type Event = Input & { readonly now: number; readonly roll: number };

export type Effect =
  | { readonly type: "fetchTicket" }
  | { readonly type: "open"; readonly slot: number; readonly url: string }
  | { readonly type: "send"; readonly slot: number; readonly message: ClientMessage }
  | { readonly type: "close"; readonly slot: number }
  | { readonly type: "arm"; readonly name: Timer; readonly ms: number }
  | { readonly type: "disarm"; readonly name: Timer }
  | { readonly type: "apply"; readonly frame: Frame };

export interface Connection {
  readonly phase: Phase;
  /** The socket in use (or being opened), and the one it is moving to. */
  readonly slot: number;
  readonly nextSlot: number | null;
  /** The last slot number given out. */
  readonly slots: number;
  readonly url: string | null;
  readonly ticket: string | null;
  readonly resumeTicket: string | null;
  /** Ticket of the socket that is moved to. */
  readonly moveTicket: string | null;
  readonly pingMs: number;
  readonly attempt: number;
  /** When it was last live; null before the first time. */
  readonly droppedAt: number | null;
  readonly everLive: boolean;
  readonly code: number | null;
  readonly reason: string;
  /** Last covered position of each wanted streamer. */
  readonly cursors: ReadonlyMap<string, Position | null>;
  /** Streamers whose `subscribed` has not come yet. */
  readonly pending: ReadonlySet<string>;
  /** Those whose chat is wanted too. */
  readonly chat: ReadonlySet<string>;
  /** The streamers that the last `hello` named, and whether with their chat. */
  readonly told: ReadonlyMap<string, boolean>;
  /** Streamers that could not be had just now: asked for again. */
  readonly refused: ReadonlySet<string>;
}

export type Step = readonly [Connection, readonly Effect[]];

export const INITIAL: Connection = {
  phase: "idle",
  slot: 0,
  nextSlot: null,
  slots: 0,
  url: null,
  ticket: null,
  resumeTicket: null,
  moveTicket: null,
  pingMs: 30_000,
  attempt: 0,
  droppedAt: null,
  everLive: false,
  code: null,
  reason: "",
  cursors: new Map(),
  pending: new Set(),
  chat: new Set(),
  told: new Map(),
  refused: new Set(),
};
