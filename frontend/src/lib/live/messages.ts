/** What a tab and the one holder of the socket (a SharedWorker, or the tab itself) tell each other. */
import type { Logs } from "./logs";
import type { Frame } from "./protocol";
import type { Status } from "./status";

export type FromTab =
  /**
   * First message: who asks, what they have granted, and the Web Lock that the tab holds as long as it lives ("" where
   * there are none).
   */
  | { readonly type: "join"; readonly user: string; readonly grants: string; readonly lock: string }
  /** Whom to follow, and whose chat too. */
  | { readonly type: "want"; readonly streamers: readonly string[]; readonly chat: readonly string[] }
  | { readonly type: "retry" }
  | { readonly type: "shown" }
  | { readonly type: "network"; readonly on: boolean }
  | { readonly type: "leave" }
  /** Signed out: the socket is closed and everything kept on this device is deleted. */
  | { readonly type: "forget" };

export type ToTab =
  | { readonly type: "status"; readonly status: Status }
  | { readonly type: "logs"; readonly streamer: string; readonly logs: Logs }
  | { readonly type: "frames"; readonly frames: readonly Frame[] };

/** Where positions are kept between visits. */
export interface Memory {
  /** What was kept of a streamer for this user; null if nothing was, or if it cannot be read. */
  load(user: string, streamer: string): Promise<Logs | null>;
  /** Keep these; positions and rows in one transaction. */
  save(user: string, logs: ReadonlyMap<string, Logs>): Promise<void>;
  /** Delete everything, of every user. */
  wipe(): Promise<void>;
}
