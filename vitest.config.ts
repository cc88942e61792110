// The set-up of the test runner: every test/**/*.test.ts, in a few processes.
// With time for a database to start.
// Invariant: a file that shares its process leaves none running, opens no port, and undoes what it replaces.
// Not here: set-up (scripts/test.mjs).

import { configDefaults, defineConfig } from 'vitest/config';

/** Many small files of plain code: what they import is loaded once, not once for each. They come first. */
const SHARING = [
  'test/{attribution,fingerprint}/!(corpus).test.ts',
  'test/{pools,rollup,tidy,words,work}/*.test.ts',
  'test/audit/!(framework|labelled).test.ts',
  'test/config/!(changes|niceness).test.ts',
  'test/findings/!(corpus|faults|live|nesting|seq-scan).test.ts',
  'test/reports/{groups,noise-test,rank,sources,transactions}.test.ts',
  'test/storage/!(killed-writer|measures|migrations|store).test.ts',
  'test/storage/upkeep/*.test.ts',
];

export default defineConfig({
  test: {
    // Files that start a Postgres or a Python keep a core busy by themselves.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'sharing',
          include: SHARING,
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...SHARING],
          sequence: { groupOrder: 1 },
        },
      },
    ],
    testTimeout: 60_000,
    hookTimeout: 180_000,
  },
});
