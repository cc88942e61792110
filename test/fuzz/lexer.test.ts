// A small run of `npm run fuzz:lexer` against the sources.
// Not here: single rules of the lexer (test/fingerprint/sql-lexer.test.ts).

import { beforeAll, expect, test } from 'vitest';
import { lex } from '../../analyzer/sql/sql-lexer.js';
import { SqlTokens, TokenKind } from '../../analyzer/sql/tokens.js';
import { Random } from '../../scripts/lib/fuzz/random.mjs';
import { compareWithScan, loadScanner } from '../../scripts/lib/fuzz/sql-scan.mjs';
import { textForScan } from '../../scripts/lib/fuzz/sql-texts.mjs';

beforeAll(() => loadScanner());

test.each([1, 2])("5,000 made-up texts of seed %i have the tokens that Postgres' scanner finds", (seed) => {
  const ends = new Map<string, number>();
  for (let index = 0; index < 5_000; index++) {
    const end = compareWithScan({ lex, SqlTokens, TokenKind }, textForScan(Random.ofCase(seed, index)));
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  // Where the scanner refuses a text, nothing is shown.
  expect(ends.get('same')).toBeGreaterThan(2_500);
});
