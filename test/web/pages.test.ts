// The pages of the page's list of statements, put together without a browser.
// Not here: scrolling through them (page.test.ts).

import { expect, test } from 'vitest';
import { rowsOf, withPages } from '../../dashboards/web/views/statements/pages.js';
import type { BriefStatementsJson } from '../../reports/forms/statement-json.js';

/** A page of a list of so many statements. */
function page(fingerprints: readonly string[], statements: number): BriefStatementsJson {
  const sums = { raw: { statements, executions: 1, total_ms: 1 } };
  return { sums, statements: fingerprints.map((fingerprint) => ({ fingerprint })) } as unknown as BriefStatementsJson;
}

test('the list is as long as the last answer says, whichever page it is of', () => {
  const both = withPages(new Map(), [
    [0, page(['a'], 201)],
    [1, page(['z'], 201)],
  ]);
  expect(rowsOf(both, true)).toHaveLength(201);
  // Of a live view the first page is asked again; the second one is as it was.
  const grown = rowsOf(withPages(both, [[0, page(['b'], 203)]]), true);
  expect(grown).toHaveLength(203);
  expect(grown.map((row) => row?.fingerprint).filter(Boolean)).toEqual(['b', 'z']);
  expect(rowsOf(withPages(both, [[0, page(['b'], 1)]]), true)).toHaveLength(1);
});
