import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // test/browser is not vitest's: it needs a browser and a server, see `npm run test:browser`.
    include: ["test/**/*.test.ts"],
    exclude: ["test/browser/**", "node_modules/**"],
  },
});
