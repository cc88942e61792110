// The set-up of the test runner: every test/**/*.test.ts, in a few processes.
// With time for a database to start.
// Not here: set-up (scripts/test.mjs).

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Files that start a Postgres or a Python keep a core busy by themselves.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 180_000,
  },
});
