// A small run of `npm run fuzz:lexer` against the sources.
// Not here: single rules of the lexer (test/fingerprint/sql-lexer.test.ts).

import { beforeAll, expect, test } from 'vitest';
import { Fingerprinter } from '../../analyzer/fingerprint/fingerprint.js';
import { lex } from '../../analyzer/sql/sql-lexer.js';
import { SqlTokens, TokenKind } from '../../analyzer/sql/tokens.js';
import { readableText } from '../../analyzer/texts/client-text.js';
import { Random } from '../../scripts/lib/fuzz/random.mjs';
import { compareWithScan, loadScanner } from '../../scripts/lib/fuzz/sql-scan.mjs';
import { compareWithServer, connectAll } from '../../scripts/lib/fuzz/sql-server.mjs';
import { textForScan } from '../../scripts/lib/fuzz/sql-texts.mjs';
import { usePostgres } from '../kit/postgres.js';

const postgres = usePostgres();
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

test('made-up literals have the values that a server gives them, under every setting, and none is shown', async () => {
  const fingerprinter = await Fingerprinter.load({ analyse: () => undefined });
  const subject = { lex, SqlTokens, readableText, fingerprinter };
  const failures: string[] = [];
  for (const asked of await connectAll(postgres())) {
    const randoms = Array.from({ length: 150 }, (_, index) => Random.ofCase(3, index));
    const failed = (index: number, error: Error, text: Buffer): void => {
      failures.push(`${asked.encoding} case ${index}: ${error.message} in ${JSON.stringify(text.toString('latin1'))}`);
    };
    const answered = await compareWithServer(subject, asked, { randoms, failed });
    // The server may not know a character; most it does.
    expect({ encoding: asked.encoding, most: answered > 120 }).toEqual({ encoding: asked.encoding, most: true });
    asked.client.close();
  }
  expect(failures).toEqual([]);
});
