/** Wires hub, socket and memory: the same in a SharedWorker and in a page that has none. */
import { Hub } from "./hub";
import { browserMemory } from "./memory";
import { Socket } from "./socket";

/** A hub with its connection. */
export function hold(): Hub {
  const socket = new Socket();
  const hub = new Hub(socket, browserMemory());
  socket.attach(hub);
  return hub;
}
