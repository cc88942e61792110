#!/usr/bin/env node
// Takes pictures of the page over a made-up shop.
// A few small ones go into docs/; all of them into a folder that is named.
// Invariant: the page is the built one, served by the observer's own HTTP server; the store is the same every time.
// Not here: the store (lib/made-up-shop.mjs).
//
// usage: npm run screenshots [-- --all DIR [--only WORDS]]

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { launchChromium } from './lib/chromium.mjs';
import { writeShopCode } from './lib/made-up-code.mjs';
import { DEPLOY, shopFingerprint, WORSE, writeShop } from './lib/made-up-shop.mjs';
import { ROOT } from './lib/paths.mjs';
import { serveStore } from './lib/serve-store.mjs';
import { build } from './lib/setup/build.mjs';
import { install } from './lib/setup/install.mjs';

const { values } = parseArgs({ options: { all: { type: 'string' }, only: { type: 'string', default: '' } } });

await install(() => {});
await build(() => {});

const route = encodeURIComponent(`route:${WORSE.route}`);
const AROUND = new URLSearchParams({ around: DEPLOY, span: '1h' });
/** Views by name, each with what is there when it is drawn. @type {ReadonlyArray<[string, string, string]>} */
const VIEWS = [
  ['overview', '#/overview', '.pin'],
  ['routes', '#/routes', '.virtual a'],
  ['route', `#/routes/${route}?request=slowest`, '.bar-line'],
  ['findings', '#/findings', '.numbers a'],
  ['finding', '#/findings/f1', '.explanation'],
  ['statements', '#/statements', '.spark rect:last-child'],
  ['statement', `#/statements/${shopFingerprint('report')}`, '.distribution'],
  ['compare', `#/compare?${AROUND}`, '.numbers'],
  ['compare-routes', `#/compare?${AROUND}&group-by=route`, '.numbers'],
  ['compare-old-new', `#/compare?old=${shopFingerprint('report')}&new=${shopFingerprint('topSellers')}`, '.verdict'],
  ['pools', '#/pools', '.pool'],
  ['live', '#/live', '.numbers a'],
  ['progress', '#/progress', '.plot canvas'],
  ['audit', '#/audit', '.virtual a'],
  ['place', '#/audit/report', '.cards'],
  ['marks', '#/marks', '.numbers'],
];
/**
 * Of those, the ones in docs/.
 * @type {ReadonlyArray<[string, { width: number, height: number, scheme: 'light' | 'dark' }]>}
 */
const IN_DOCS = [
  ['overview', { width: 1280, height: 860, scheme: 'light' }],
  ['route', { width: 1280, height: 800, scheme: 'light' }],
  ['statement', { width: 1180, height: 860, scheme: 'dark' }],
  ['statements', { width: 390, height: 700, scheme: 'light' }],
];

const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-screenshots-'));
const browser = await launchChromium();
try {
  const [full, empty] = [path.join(directory, 'full'), path.join(directory, 'empty')];
  await writeShop(full);
  const { openSqliteStore } = await import('../dist/storage/sqlite/sqlite-store.js');
  openSqliteStore({ dataDir: empty }).close();
  const served = await serveStore(full, writeShopCode(directory));
  if (values.all === undefined) await takeForDocs(served.url);
  else {
    const bare = await serveStore(empty);
    await takeAll(values.all, { full: served.url, empty: bare.url });
    await bare.close();
  }
  await served.close();
} finally {
  await browser.close();
  rmSync(directory, { recursive: true, force: true });
}

/** @param {string} url */
async function takeForDocs(url) {
  const folder = path.join(ROOT, 'docs', 'screenshots');
  mkdirSync(folder, { recursive: true });
  for (const [name, { width, height, scheme }] of IN_DOCS) {
    const [, hash, ready] = /** @type {[string, string, string]} */ (VIEWS.find(([view]) => view === name));
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme, timezoneId: 'UTC' });
    await page.goto(`${url}/${hash}`);
    await page.waitForSelector(ready, { state: 'attached' });
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: path.join(folder, `${name}.png`) });
    await page.close();
    process.stdout.write(`docs/screenshots/${name}.png\n`);
  }
}

/**
 * Every view filled, empty, with a store that fails, and without an observer, in both schemes and three widths.
 * @param {string} folder @param {{ full: string, empty: string }} urls
 */
async function takeAll(folder, urls) {
  mkdirSync(folder, { recursive: true });
  for (const [name, hash, ready] of VIEWS) {
    for (const state of /** @type {const} */ (['full', 'empty', 'broken', 'away'])) {
      for (const width of [1440, 1024, 390]) {
        for (const scheme of /** @type {const} */ (['light', 'dark'])) {
          const file = `${name}-${state}-${width}-${scheme}`;
          if (!values.only.split(' ').every((word) => file.includes(word))) continue;
          const page = await browser.newPage({
            viewport: { width, height: 900 },
            colorScheme: scheme,
            timezoneId: 'UTC',
          });
          if (state === 'broken') await breakApi(page);
          if (state === 'away') await page.route('**/api/v1/**', (asked) => asked.abort());
          await page.goto(`${state === 'empty' ? urls.empty : urls.full}/${hash}`);
          await page.waitForSelector(state === 'full' ? ready : '.nothing, .problem, .panel, .filters', {
            state: 'attached',
          });
          await page.waitForLoadState('networkidle');
          await page.setViewportSize({ width, height: await heightOf(page) });
          await page.screenshot({ path: path.join(folder, `${file}.png`) });
          await page.close();
        }
      }
    }
    process.stdout.write(`${name}\n`);
  }
}

/**
 * Of all that the view has: it scrolls by itself, so that the window is made as high.
 * @param {import('playwright-core').Page} page
 */
function heightOf(page) {
  return page.locator('main').evaluate((main) => Math.max(900, main.offsetTop + main.scrollHeight));
}

/** As an observer whose store fails. @param {import('playwright-core').Page} page */
async function breakApi(page) {
  const json = { error: 'the store cannot be used (corrupt)', hint: 'see docs/RUNBOOK.md' };
  await page.route('**/api/v1/**', (asked) =>
    asked.request().url().includes('/status')
      ? asked.fulfill({
          status: 200,
          json: {
            storing: { failing: true, stored_until: new Date().toISOString() },
            observed: { not_observed: 0, not_observed_by_reason: {}, exact: false },
          },
        })
      : asked.fulfill({ status: 503, json }),
  );
}
