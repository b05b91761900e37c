import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { mock } from "./src/testing/mock/plugin.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react(), mock()],
  resolve: { alias: { "@": here("./src") } },
  worker: { format: "es" },
  server: { port: 5173, strictPort: true },
  build: { outDir: here("../gstreamer/page") },
  // `vite preview` shows the built page under the policy that the product sends.
  preview: {
    port: 5173,
    strictPort: true,
    headers: {
      "Content-Security-Policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https://static-cdn.jtvnw.net data:; " +
        "font-src 'self'; connect-src 'self'; frame-src https://player.twitch.tv https://www.twitch.tv; " +
        "base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'",
    },
  },
});
