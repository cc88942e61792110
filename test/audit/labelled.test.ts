// The walker, measured on the part of the labelled sample that is in this repository.
// Not here: the applications that are fetched (scripts/audit-sample.mjs).

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fetchSample, labelledApps, measureApp } from '../../scripts/lib/audit-sample.mjs';

const apps = labelledApps(readFileSync(new URL('./labelled.json', import.meta.url), 'utf8'));

test('every place of the shop is found, and nothing else is', async () => {
  const shop = apps.find(({ name }) => name === 'examples/shop')!;
  const { handwritten, orm } = measureApp(shop, await fetchSample(shop));
  expect(handwritten).toEqual({ labelled: 19, found: 19, right: 19, missed: [], wrong: [] });
  expect(orm).toEqual({ labelled: 41, found: 41, right: 41, missed: [], wrong: [] });
});

test('a missed label and a wrong place are counted', async () => {
  const shop = apps.find(({ name }) => name === 'examples/shop')!;
  const files = { ...shop.files, 'ported/routes.py': { sqlalchemy: [28, 35, 49, 57, 99] } };
  const { handwritten } = measureApp({ ...shop, files }, await fetchSample(shop));
  // Line 57 is inside the place at 56.
  expect(handwritten).toMatchObject({ labelled: 20, found: 19, right: 19, missed: ['ported/routes.py:99 sqlalchemy'] });
  const fewer = { ...shop.files, 'ported/routes.py': { sqlalchemy: [28, 35, 49] } };
  const wrong = measureApp({ ...shop, files: fewer }, await fetchSample(shop)).handwritten;
  expect(wrong).toMatchObject({ found: 19, right: 18, wrong: ['ported/routes.py:56 sqlalchemy connection.execute'] });
});
