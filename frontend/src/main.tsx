/** Where the page begins. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@fontsource-variable/geist/wght.css";
import "./app/tokens.css";
import { App } from "./app/App";
import { ProblemError } from "./lib/api/client";
import { openLive } from "./lib/live/page";
import { LiveContext } from "./lib/live-hooks";

const MAX_RETRIES = 3;
const RELOADED = "gstreamer.reloaded";
const AGAIN_MS = 60_000;

// What was refused stays refused; what could not be answered is asked for again.
const retry = (failures: number, error: Error): boolean =>
  failures < MAX_RETRIES && !(error instanceof ProblemError && error.status >= 400 && error.status < 500);

const client = new QueryClient({ defaultOptions: { queries: { retry, staleTime: 10_000 } } });

// After an update the server no longer has the parts that this page would fetch: the new page is loaded, once.
addEventListener("vite:preloadError", (event) => {
  if (Date.now() - Number(sessionStorage.getItem(RELOADED)) < AGAIN_MS) return;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  event.preventDefault();
  location.reload();
});

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <LiveContext value={openLive()}>
        <App />
      </LiveContext>
    </QueryClientProvider>
  </StrictMode>,
);
