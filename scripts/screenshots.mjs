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
import { nothingLive } from './lib/made-up-live.mjs';
import { DEPLOY, shopFingerprint, WORSE, writeShop } from './lib/made-up-shop.mjs';
import { contactSheet } from './lib/page/contact-sheet.mjs';
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
  ['compare-tag', '#/compare?tag=route%3Dreports%2Fslow-movers%2F%2Creports%2Ftop-sellers%2F', '.numbers'],
  ['compare-choosing', '#/compare?how=sets', '.set'],
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

const STATES = /** @type {const} */ (['full', 'empty', 'broken', 'away']);
/** What few views show otherwise. @type {Readonly<Record<string, readonly string[]>>} */
const MORE_STATES = { overview: ['fleet'], statements: ['fleet'], live: ['unobserved'] };
/** Widths of windows in px, and of their pictures on a contact sheet. @type {ReadonlyArray<[number, number]>} */
const WIDTHS = [
  [1440, 740],
  [1024, 500],
  [390, 270],
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
    const bare = await serveStore(empty, undefined, nothingLive());
    const alone = await serveStore(full, undefined, null);
    await takeAll(values.all, { full: served.url, empty: bare.url, unobserved: alone.url });
    await alone.close();
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
 * Every view filled, empty, with a store that fails, and without an answer, in both schemes and three widths. Of each
 * view and state one contact sheet.
 * @param {string} folder @param {Readonly<Record<string, string>>} urls of the states that have a server of their own
 */
async function takeAll(folder, urls) {
  mkdirSync(path.join(folder, 'sheets'), { recursive: true });
  for (const [name, hash, ready] of VIEWS) {
    for (const state of [...STATES, ...(MORE_STATES[name] ?? [])]) {
      if (!values.only.split(' ').every((word) => `${name}-${state}`.includes(word))) continue;
      const page = await browser.newPage({ timezoneId: 'UTC' });
      if (state === 'broken') await breakApi(page);
      if (state === 'away') await page.route('**/api/v1/**', (asked) => asked.abort());
      if (state === 'fleet') await observedByMany(page);
      await page.goto(`${urls[state] ?? urls.full}/${hash}`);
      const there = state === 'full' || state === 'fleet' ? ready : '.nothing, .problem, .panel, .filters';
      await page.waitForSelector(there, { state: 'attached' });
      await page.waitForLoadState('networkidle');
      const taken = await takeLooks(page, (look) => path.join(folder, `${name}-${state}-${look}.png`));
      await page.close();
      await contactSheet(browser, taken, { file: path.join(folder, 'sheets', `${name}-${state}.png`), widthPx: 1560 });
    }
    process.stdout.write(`${name}\n`);
  }
}

/**
 * Both schemes in three widths, as high as the view is.
 * @param {import('playwright-core').Page} page @param {(look: string) => string} fileOf
 */
async function takeLooks(page, fileOf) {
  /** @type {Array<{ file: string, widthPx: number }>} */
  const taken = [];
  for (const scheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [width, widthPx] of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await page.setViewportSize({ width, height: await heightOf(page) });
      await settled(page);
      const file = fileOf(`${width}-${scheme}`);
      await page.screenshot({ path: file });
      taken.push({ file, widthPx });
    }
  }
  return taken;
}

/** Three frames without a change of the document. @param {import('playwright-core').Page} page */
function settled(page) {
  // A text: its names are those of the browser.
  return page.evaluate(`new Promise((resolve) => {
    let frames = 0;
    const observer = new MutationObserver(() => { frames = 0; });
    observer.observe(document.body, { childList: true, subtree: true, attributes: true });
    const turn = () => {
      if (++frames < 3) return requestAnimationFrame(turn);
      observer.disconnect();
      resolve();
    };
    requestAnimationFrame(turn);
  })`);
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
            observes: true,
            observed: { not_observed: 0, not_observed_by_reason: {}, exact: false },
          },
        })
      : asked.fulfill({ status: 503, json }),
  );
}

/** As the store of several sidecars names them. @param {import('playwright-core').Page} page */
async function observedByMany(page) {
  const identities = ['shop-1', 'shop-2', 'billing-of-the-northern-region'].flatMap((instance) =>
    ['staging', 'production'].map((environment) => ({ service: instance.replace(/-\d$/, ''), environment, instance })),
  );
  await page.route('**/api/v1/filters*', async (asked) => {
    const response = await asked.fetch();
    await asked.fulfill({ response, json: { ...(await response.json()), identities } });
  });
}
