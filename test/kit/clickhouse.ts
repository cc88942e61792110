// Real ClickHouse engines for tests: one node, or several as the shards of one cluster.
// Invariant: without the engine such tests are skipped with the reason printed; in CI they fail.
// Not here: how an engine runs (scripts/lib/clickhouse.mjs).

import { describe, test } from 'vitest';
import { clickhouseLibrary } from '../../scripts/lib/setup/clickhouse-library.mjs';

/**
 * A describe whose tests need ClickHouse. Await it: the engine is looked for (and installed) before tests are
 * collected. `library` is for startClickhouse.
 */
export async function describeWithClickhouse(name: string, body: (library: string) => void): Promise<void> {
  const found = await clickhouseLibrary();
  if ('library' in found) {
    describe(name, () => body(found.library));
    return;
  }
  if (process.env.CI) {
    test(name, () => {
      throw new Error(`these tests need ClickHouse, and CI must have it: ${found.missing}`);
    });
    return;
  }
  console.warn(`skipped: ${name}: ${found.missing}`);
  test.skip(name, () => {});
}
