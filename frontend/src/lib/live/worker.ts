/** The SharedWorker that holds the browser's one socket, whatever the number of tabs. */
import { hold } from "./holder";
import type { FromTab, ToTab } from "./messages";

interface SharedScope {
  onconnect: ((event: MessageEvent) => void) | null;
}

const KEEP_MS = 1_000;
const hub = hold();
setInterval(() => void hub.keep(), KEEP_MS);

(self as unknown as SharedScope).onconnect = (event) => {
  const port = event.ports[0] as MessagePort;
  const tab = { post: (message: ToTab) => port.postMessage(message) };
  port.onmessage = ({ data }: MessageEvent<FromTab>) => {
    hub.take(tab, data);
    // A tab cannot be trusted to say goodbye: it holds a lock as long as it lives, and here is who waits for it.
    if (data.type === "join" && data.lock) void navigator.locks.request(data.lock, () => hub.leave(tab));
  };
};
