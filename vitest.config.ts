import { defineConfig } from "vitest/config";

// Two workers: tests build clusters of namespaces, and the machines that run them are small.
export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    pool: "forks",
  },
});
