import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // They need a server: the testbed.
    include: ["test/integration/**/*.test.mjs"],
    testTimeout: 60_000,
  },
});
