#!/usr/bin/env node
// Measures the page over 20,000 statements and 500 routes.
// It prints when something is painted first and when the view's numbers are there.
// Invariant: the server is the observer's own, in this process; the browser starts anew for each view.
//
// usage: measure-page.mjs [--statements 20000] [--routes 500]

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { launchChromium } from './lib/chromium.mjs';
import { writeShop } from './lib/made-up-shop.mjs';
import { serveStore } from './lib/serve-store.mjs';
import { build } from './lib/setup/build.mjs';
import { install } from './lib/setup/install.mjs';

const { values } = parseArgs({
  options: { statements: { type: 'string', default: '20000' }, routes: { type: 'string', default: '500' } },
});
await install(() => {});
await build(() => {});

/** @type {ReadonlyArray<[string, string]>} */
const VIEWS = [
  ['#/overview', '.pin'],
  ['#/statements', '.virtual a'],
  ['#/routes', '.virtual a'],
];

const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-measure-page-'));
await writeShop(directory, { statements: Number(values.statements), routes: Number(values.routes) });
const served = await serveStore(directory);
const browser = await launchChromium();
process.stdout.write('view            first paint   numbers\n');
for (const [hash, ready] of VIEWS) {
  const page = await browser.newPage();
  await page.goto(`${served.url}/${hash}`);
  await page.waitForSelector(ready, { state: 'attached' });
  const [paint, numbers] = await page.evaluate(() => [
    performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
    performance.now(),
  ]);
  process.stdout.write(`${hash.padEnd(14)} ${ms(paint)}  ${ms(numbers)}\n`);
  await page.close();
}
await browser.close();
await served.close();
rmSync(directory, { recursive: true, force: true });

/** @param {number} value */
function ms(value) {
  return `${Math.round(value).toString().padStart(9)} ms`;
}
