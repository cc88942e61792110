// A measured value is named in few files: those that docs/HACKING.md lists for adding one.
// Not here: that each of them does its part (../rollup/measures.test.ts, ../proxy/observation-bytes.test.ts).

import { expect, test } from 'vitest';
import { PRODUCT, textOf } from './sources.js';

/** The value that the recipe follows, in all its spellings. */
const EXAMPLE = /client_?stall(?:ed)?(?:_?total)?_?(?:ns|ms)/i;

test('the example of the recipe is named nowhere but in its files and a migration', () => {
  const files = PRODUCT.filter((file) => EXAMPLE.test(textOf(file)));
  expect(files.sort()).toEqual([
    'cli/views/show.ts',
    'dashboards/web/views/statements/statement-view.tsx',
    'facts/execution-values.ts',
    'facts/measures.ts',
    'proxy/session/execution.ts',
    'proxy/session/session.ts',
    'proxy/stream/statement-values.ts',
    'storage/clickhouse/schema/rollups.ts',
    'storage/migrations/0001-initial.ts',
  ]);
});

test('each of these files is named in the recipe', () => {
  const [, recipe] = /### Add a measured value\n([\s\S]*?)\n### /.exec(textOf('docs/HACKING.md')) ?? [];
  const isStep = (file: string) => /^storage\/(migrations|clickhouse\/schema)\//.test(file);
  const named = PRODUCT.filter((file) => EXAMPLE.test(textOf(file)) && !isStep(file));
  const missing = named.filter((file) => !recipe.includes(file));
  expect(missing).toEqual([]);
});
