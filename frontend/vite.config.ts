import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { precompress } from "./build/precompress.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const backend = process.env.GSTREAMER_PUBLIC_URL ?? "http://localhost:8000";

export default defineConfig({
  plugins: [react(), precompress()],
  resolve: {
    alias: {
      "@": here("./src"),
      // React has it; the router's stand-in for older Reacts would be first load for nothing.
      "use-sync-external-store/shim/index.js": here("./build/external-store.ts"),
    },
  },
  build: {
    outDir: here("../gstreamer/page"),
    emptyOutDir: true,
    // The policy allows no data: scripts, styles or fonts; and every asset is cached by its own hash.
    assetsInlineLimit: 0,
    manifest: true,
    target: ["chrome123", "edge123", "firefox120", "safari17.5"],
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  server: {
    port: 5173,
    strictPort: true,
    // The backend answers its own origin only, so the proxy speaks in its name.
    proxy: {
      "/api": { target: backend, headers: { Origin: backend } },
      "/ws": { target: backend, ws: true, headers: { Origin: backend } },
    },
  },
});
