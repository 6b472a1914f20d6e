import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "jsdom",
    include: ["widgets/test/**/*.test.ts"],
    // One page for all files: a page costs more than its tests.
    isolate: false,
    fileParallelism: false,
  },
});
