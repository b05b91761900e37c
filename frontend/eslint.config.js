import js from "@eslint/js";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import imports from "eslint-plugin-import-x";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const features = ["auth", "streamers", "live", "chat", "settings"];
// Shared code knows no feature, a feature knows no other feature and not the app; lib/live knows nothing else.
const zones = [
  { target: "./src/{lib,components,config}", from: ["./src/features", "./src/app"] },
  { target: "./src/features", from: "./src/app" },
  { target: "./src/lib/live", from: ["./src/lib/api", "./src/components"] },
  { target: "./src/{app,features,lib,components,config}", from: "./src/testing/mock" },
  ...features.map((feature) => ({
    target: `./src/features/${feature}`,
    from: features.filter((other) => other !== feature).map((other) => `./src/features/${other}`),
  })),
];

export default tseslint.config(
  { ignores: ["node_modules", "dist"] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ["**/*.{ts,tsx}"],
    plugins: { "import-x": imports, "react-hooks": hooks },
    settings: {
      "import-x/resolver-next": [createTypeScriptImportResolver({ project: "./tsconfig.page.json" })],
    },
    rules: {
      ...hooks.configs.recommended.rules,
      "import-x/no-restricted-paths": ["error", { zones, basePath: import.meta.dirname }],
      "import-x/no-cycle": "error",
      "max-lines": ["error", 400],
      "max-lines-per-function": ["error", { max: 90, skipBlankLines: true, skipComments: true }],
      eqeqeq: "error",
      "no-console": "error",
      "no-restricted-syntax": [
        "error",
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: "text is text: no HTML from outside is ever put in",
        },
      ],
    },
  },
  {
    // The live core is pure: one file names the socket and the timers, time comes in as an event.
    files: ["src/lib/live/**/*.ts"],
    ignores: [
      "src/lib/live/socket.ts",
      "src/lib/live/page.ts",
      "src/lib/live/worker.ts",
      "src/lib/live/memory.ts",
      "src/lib/live/**/*.test.ts",
    ],
    rules: {
      "no-restricted-globals": [
        "error",
        ...[
          "WebSocket",
          "setTimeout",
          "setInterval",
          "fetch",
          "indexedDB",
          "window",
          "document",
          "localStorage",
        ].map((name) => ({
          name,
          message: "only socket.ts, page.ts, worker.ts and memory.ts touch the world",
        })),
      ],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: "time is an argument" },
        { object: "Math", property: "random", message: "chance is an argument" },
      ],
    },
  },
  { files: ["**/*.test.ts"], rules: { "max-lines-per-function": "off" } },
  { files: ["build/**", "src/testing/mock/**", "*.config.*"], rules: { "no-console": "off" } },
);
