import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { mock } from "./src/testing/mock/plugin.ts";

export default defineConfig({
  plugins: [react(), mock()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  worker: { format: "es" },
  server: { port: 5173, strictPort: true },
});
