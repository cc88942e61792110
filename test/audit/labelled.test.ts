// The walker, measured on the part of the labelled sample that is in this repository.
// Not here: the applications that are fetched (scripts/audit-sample.mjs).

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fetchSample, labelledApps, measureApp } from '../../scripts/lib/audit-sample.mjs';

const apps = labelledApps(readFileSync(new URL('./labelled.json', import.meta.url), 'utf8'));

test('every place of the shop is found, and nothing else is', async () => {
  const shop = apps.find(({ name }) => name === 'examples/shop')!;
  const { handwritten, orm } = measureApp(shop, await fetchSample(shop));
  expect(handwritten).toEqual({ labelled: 15, found: 15, right: 15, missed: [], wrong: [] });
  expect(orm).toEqual({ labelled: 38, found: 38, right: 38, missed: [], wrong: [] });
});

test('a missed label and a wrong place are counted', async () => {
  const shop = apps.find(({ name }) => name === 'examples/shop')!;
  const files = { ...shop.files, 'ported/routes.py': { sqlalchemy: [28, 35, 50, 99] } };
  const { handwritten } = measureApp({ ...shop, files }, await fetchSample(shop));
  // Line 50 is inside the place at 49.
  expect(handwritten).toMatchObject({ labelled: 16, found: 15, right: 15, missed: ['ported/routes.py:99 sqlalchemy'] });
  const fewer = { ...shop.files, 'ported/routes.py': { sqlalchemy: [28, 35] } };
  const wrong = measureApp({ ...shop, files: fewer }, await fetchSample(shop)).handwritten;
  expect(wrong).toMatchObject({ found: 15, right: 14, wrong: ['ported/routes.py:49 sqlalchemy connection.execute'] });
});
