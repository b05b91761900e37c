/** The only WebSocket, its timers and its ticket: runs the effects of `connection.ts` and feeds it what happens. */
import { step } from "./connection";
import { INITIAL, type Connection, type Effect, type Event, type Input, type Timer } from "./state";
import { decode, encode, SUBPROTOCOL } from "./protocol";
import { statusOf, type Status } from "./status";

export interface Listener {
  on(effect: Effect & { type: "apply" }): void;
  report(status: Status): void;
}

const TICKET_URL = "/api/ws-ticket";

export class Socket {
  private state: Connection = INITIAL;
  private listener: Listener | null = null;
  private readonly sockets = new Map<number, WebSocket>();
  private readonly timers = new Map<Timer, ReturnType<typeof setTimeout>>();
  private told = "";

  /** Tell this listener of frames and of the status from now on. */
  attach(listener: Listener): void {
    this.listener = listener;
  }

  /** Something happened: let the core decide, and do what it says. */
  put(input: Input): void {
    const event = { ...input, now: Date.now(), roll: Math.random() } as Event;
    const [state, effects] = step(this.state, event);
    this.state = state;
    for (const effect of effects) this.run(effect);
    this.report();
  }

  private report(): void {
    const status = statusOf(this.state);
    const text = JSON.stringify(status);
    if (text === this.told) return;
    this.told = text;
    this.listener?.report(status);
  }

  private run(effect: Effect): void {
    switch (effect.type) {
      case "fetchTicket":
        void this.fetchTicket();
        return;
      case "open":
        return this.open(effect.slot, effect.url);
      case "send":
        return this.sockets.get(effect.slot)?.send(encode(effect.message));
      case "close":
        return this.close(effect.slot);
      case "arm":
        return this.arm(effect.name, effect.ms);
      case "disarm":
        return this.disarm(effect.name);
      case "apply":
        this.listener?.on(effect);
    }
  }

  private async fetchTicket(): Promise<void> {
    try {
      const answer = await fetch(TICKET_URL, { method: "POST", headers: { Accept: "application/json" } });
      const body = (await answer.json().catch(() => null)) as Record<string, unknown> | null;
      if (answer.ok && typeof body?.url === "string" && typeof body.ticket === "string") {
        return this.put({ type: "ticket", url: body.url, ticket: body.ticket });
      }
      const retryAfterMs = 1_000 * (Number(answer.headers.get("Retry-After")) || 0);
      const detail = typeof body?.detail === "string" ? body.detail : `the server answered ${answer.status}`;
      this.put({ type: "ticketRefused", status: answer.status, detail, retryAfterMs });
    } catch {
      this.put({ type: "ticketRefused", status: 0, detail: "the server cannot be reached", retryAfterMs: 0 });
    }
  }

  private open(slot: number, url: string): void {
    let socket: WebSocket;
    try {
      socket = new WebSocket(url, SUBPROTOCOL);
    } catch {
      // A url that the browser refuses is a socket that closed at once; told later, as a real one would be.
      queueMicrotask(() => this.put({ type: "closed", slot, code: 1006 }));
      return;
    }
    this.sockets.set(slot, socket);
    socket.onopen = () => this.put({ type: "opened", slot });
    socket.onmessage = ({ data }) => this.put({ type: "frame", slot, frame: decode(String(data)) });
    socket.onclose = ({ code }) => {
      this.sockets.delete(slot);
      this.put({ type: "closed", slot, code });
    };
  }

  private close(slot: number): void {
    const socket = this.sockets.get(slot);
    if (!socket) return;
    this.sockets.delete(slot);
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  private arm(name: Timer, ms: number): void {
    this.disarm(name);
    this.timers.set(
      name,
      setTimeout(() => {
        this.timers.delete(name);
        this.put({ type: "timer", name });
      }, ms),
    );
  }

  private disarm(name: Timer): void {
    clearTimeout(this.timers.get(name));
    this.timers.delete(name);
  }
}
