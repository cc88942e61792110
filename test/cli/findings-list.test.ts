// The list of findings on a narrow terminal: the line of code outlives cost and number of requests.
// Not here: one finding (../findings/samples.test.ts).

import { expect, test } from 'vitest';
import { WORSE, writeShop } from '../../scripts/lib/made-up-shop.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { temporaryDirectory } from '../storage/flushes.js';
import { pgwitness } from './command.js';

test('at 80 columns each finding has its place', { timeout: 120_000 }, async () => {
  await build(() => {});
  const data = temporaryDirectory();
  await writeShop(data);
  const list = async (width: number) =>
    (await pgwitness(['findings', '--data', data], { env: { COLUMNS: String(width) } })).stdout;
  const narrow = await list(80);
  expect(narrow).toContain(WORSE.caller);
  for (const line of narrow.split('\n')) expect([...line].length).toBeLessThanOrEqual(80);
  expect(await list(140)).toMatch(/where +units +a day +finding/);
});
