/** What a person is told of a connection: one word with its facts, derived from the connection alone. */
import type { Connection } from "./state";

export type Status =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly reason: string }
  | { readonly kind: "live" }
  | { readonly kind: "catching_up"; readonly toGo: number }
  | { readonly kind: "reconnecting"; readonly since: number; readonly reason: string }
  | { readonly kind: "offline"; readonly since: number }
  | { readonly kind: "ended"; readonly code: number; readonly reason: string };

export const IDLE: Status = { kind: "idle" };

/** The status of a connection; equal connections have equal statuses. */
export function statusOf(state: Connection): Status {
  switch (state.phase) {
    case "idle":
      return IDLE;
    case "ended":
      return { kind: "ended", code: state.code ?? 0, reason: state.reason };
    case "offline":
      return { kind: "offline", since: state.droppedAt ?? 0 };
    case "live":
    case "moving":
      return state.pending.size > 0 ? { kind: "catching_up", toGo: state.pending.size } : { kind: "live" };
    default:
      return state.droppedAt === null || !state.everLive
        ? { kind: "connecting", reason: state.reason }
        : { kind: "reconnecting", since: state.droppedAt, reason: state.reason };
  }
}
