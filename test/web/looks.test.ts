// Every view in a real Chromium: three widths, both colour schemes, out of reach, by its link.
// Not here: what a view says (page.test.ts), walks of a person (walks.test.ts).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { launchChromium } from '../../scripts/lib/chromium.mjs';
import { writeShopCode } from '../../scripts/lib/made-up-code.mjs';
import { madeUpLive } from '../../scripts/lib/made-up-live.mjs';
import { DEPLOY, shopFingerprint, WORSE, writeShop } from '../../scripts/lib/made-up-shop.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { chromiumPath, openPage, type Watched } from '../kit/browser.js';
import { violations } from './axe.js';
import { type Served, serveStore } from './kit.js';

const executablePath = chromiumPath();
const FIRST_ROW = '.virtual a[data-row="0"]';
const ROUTE = `#/routes/${encodeURIComponent(`route:${WORSE.route}`)}`;
const AROUND = new URLSearchParams({ around: DEPLOY });
const PAIR = new URLSearchParams({ tag: 'route=reports/slow-movers/,reports/top-sellers/' });

/** Each view, its link, and what is there once it is drawn. */
const VIEWS = [
  ['overview', '', '.pin'],
  ['routes', '#/routes', FIRST_ROW],
  ['one route', ROUTE, '.bar-line'],
  ['the slowest request', `${ROUTE}?request=slowest`, '.bar-line'],
  ['findings', '#/findings', '.numbers a'],
  ['one finding', '#/findings/f1', '.bar-line'],
  ['statements', '#/statements', '.spark rect:last-child'],
  ['one statement', `#/statements/${shopFingerprint('report')}`, '.distribution'],
  ['compare', `#/compare?${AROUND}`, '.numbers a'],
  ['compare by route', `#/compare?${AROUND}&group-by=route`, '.numbers a'],
  ['two values of a tag', `#/compare?${PAIR}`, '.numbers a'],
  ['old and new', `#/compare?old=${shopFingerprint('report')}&new=${shopFingerprint('topSellers')}`, '.verdict'],
  ['choosing old and new', `#/compare?how=sets&old=${shopFingerprint('lines')}`, '.chosen code'],
  ['pools', '#/pools', '.pool canvas'],
  ['live', '#/live', '.tail a'],
  ['progress', '#/progress', '.plot canvas'],
  ['audit', '#/audit', FIRST_ROW],
  ['one place', '#/audit/report', '.cards'],
  ['marks', '#/marks', '.numbers a'],
] as const;
const WIDTHS = [1440, 1024, 390];

describe.skipIf(executablePath === '')('every view', () => {
  let browser: Browser;
  let shop: Served;
  const directory = mkdtempSync(join(tmpdir(), 'pgwitness-looks-'));

  beforeAll(async () => {
    await build(() => {});
    await writeShop(directory);
    shop = await serveStore(directory, { ...writeShopCode(directory), live: madeUpLive() });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await shop?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** `finished`: that of the test itself, where others run beside it. */
  async function open(
    hash: string,
    before: (page: Page) => Promise<unknown> = async () => {},
    finished: (close: () => Promise<void>) => void = onTestFinished,
  ): Promise<Watched> {
    const watched = await openPage(browser, { width: WIDTHS[0] });
    finished(() => watched.page.close());
    await before(watched.page);
    await watched.page.goto(`${shop.url}/${hash}`);
    return watched;
  }

  /** In both schemes. */
  async function expectSound(page: Page, widths: readonly number[]): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of widths) {
        await page.setViewportSize({ width, height: 800 });
        const where = `${colorScheme}, ${width} px`;
        // A chart follows its width in the next frame.
        await page.waitForFunction(() => document.querySelector('main')!.scrollWidth <= innerWidth);
        expect(await sidewards(page), where).toEqual([]);
        expect(await cut(page), where).toEqual([]);
        if (width !== 1024) expect(await violations(page), where).toEqual([]);
      }
    }
  }

  // What follows waits for the browser more than it works: several at once take half of the time.
  test.concurrent.for(VIEWS)(
    '%s is accessible, scrolls in its own boxes alone, complains of nothing, asks no other host',
    { timeout: 120_000 },
    async ([, hash, ready], { onTestFinished: finished }) => {
      const { page, complaints, requests } = await open(hash, undefined, finished);
      await page.waitForSelector(ready, { state: 'attached' });
      await page.waitForLoadState('networkidle');
      await expectSound(page, WIDTHS);
      expect(complaints).toEqual([]);
      expect(requests.filter((url) => !url.startsWith(shop.url))).toEqual([]);
    },
  );

  test.concurrent.for(VIEWS)(
    'without an answer %s says so, and what to do, and shows none as the last',
    { timeout: 120_000 },
    async ([, hash], { onTestFinished: finished }) => {
      const away = (opening: Page) => opening.route('**/api/v1/**', (asked) => asked.abort());
      const { page } = await open(hash, away, finished);
      const said = page.locator('.problem').first();
      await said.waitFor();
      expect(await said.textContent()).toBe(
        'pgwitness does not answer: look whether its observer runs, and at its log. The page asks again by itself.',
      );
      await expectSound(page, [390]);
    },
  );

  test.concurrent.for(VIEWS)(
    'of a store that fails %s says what the API says',
    { timeout: 120_000 },
    async ([, hash], { onTestFinished: finished }) => {
      const json = { error: 'the store cannot be used (corrupt)', hint: 'see a page' };
      const fails = (opening: Page) => opening.route('**/api/v1/**', (asked) => asked.fulfill({ status: 503, json }));
      const { page } = await open(hash, fails, finished);
      await page.getByText('the store cannot be used (corrupt): see a page').first().waitFor();
      expect(await page.getByText('last answer').count()).toBe(0);
    },
  );

  test('what was answered stays, and is called the last answer', async () => {
    const { page } = await open('#/findings');
    await page.waitForSelector('.numbers a');
    await page.route('**/api/v1/**', (asked) => asked.abort());
    await page.getByText('What is below is its last answer. The page asks again by itself.').waitFor();
    expect(await page.locator('.numbers a').count()).toBeGreaterThan(0);
  });

  test('without an answer what is chosen is still shown as chosen', async () => {
    const chosen = { source: 'raw', pool: 'django:shop@shop', environment: 'staging' };
    const { page } = await open(`#/statements?${new URLSearchParams(chosen)}`, (opening) =>
      opening.route('**/api/v1/**', (asked) => asked.abort()),
    );
    await page.locator('.problem').first().waitFor();
    for (const [name, value] of Object.entries(chosen))
      expect(await page.getByLabel(new RegExp(`^${name}`, 'i')).inputValue()).toBe(value);
  });

  test('the parts of a fleet are chosen at every width, and views keep to them', async () => {
    const identities = ['shop', 'billing-of-the-northern-region'].flatMap((service) =>
      ['staging', 'production'].map((environment) => ({ service, environment, instance: `${service}-1` })),
    );
    const { page } = await open('#/statements', (opening) =>
      opening.route('**/api/v1/filters*', async (asked) => {
        const response = await asked.fetch();
        await asked.fulfill({ response, json: { ...(await response.json()), identities } });
      }),
    );
    await page.locator('.fleet select').nth(2).waitFor();
    await expectSound(page, WIDTHS);
    const narrowed = new Set<string>();
    await page.route(/[?&]service=shop/, (asked) => {
      const url = new URL(asked.request().url());
      narrowed.add(url.pathname);
      // The store is of one that was not named.
      url.searchParams.delete('service');
      return asked.continue({ url: url.href });
    });
    await page.getByLabel('Service').selectOption('shop');
    await expect.poll(() => [...narrowed], { timeout: 30_000 }).toContain('/api/v1/trends');
    await page.getByText(/^\d+ statements listed/).waitFor();
    expect([...narrowed]).toContain('/api/v1/statements');
  }, 60_000);

  test('on a narrow screen a row of a small table is a card, whose values have their titles', async () => {
    const { page } = await open('#/findings');
    await page.waitForSelector('.numbers a');
    await page.setViewportSize({ width: 390, height: 800 });
    const row = page.locator('.numbers tbody tr').first();
    const cells = row.locator('td');
    for (let at = 0; at < (await cells.count()); at++) {
      const box = await cells.nth(at).boundingBox();
      if (box !== null) expect(box.x + box.width).toBeLessThanOrEqual(390);
    }
    const severity = cells.filter({ hasText: 'high' });
    expect(await severity.evaluate((cell) => getComputedStyle(cell, '::before').content)).toContain('Severity');
    expect(await row.locator('a').evaluate((link) => link.scrollWidth <= link.clientWidth)).toBe(true);
  });

  const UNTIL = new Date();
  const SINCE = new Date(UNTIL.getTime() - 3 * 3_600_000);
  const WINDOW = new URLSearchParams({ since: SINCE.toISOString(), until: UNTIL.toISOString() });

  test.concurrent.for([
    ['overview', '#/overview?', '.pin'],
    ['routes', '#/routes?find=order&sort=requests&', FIRST_ROW],
    ['a route', `${ROUTE}?request=slowest&`, '.bar-line'],
    ['findings', '#/findings?find=stock&weak=true&', '.numbers a'],
    ['a finding', '#/findings/f1?', '.bar-line'],
    ['statements', '#/statements?find=orders.py&source=django-orm&sort=mean&', FIRST_ROW],
    ['a statement', `#/statements/${shopFingerprint('report')}?`, '.distribution'],
    ['compare', `#/compare?${AROUND}&span=6h&group-by=route&`, '.numbers a'],
    ['a pair', `#/compare?${PAIR}&within=app%3Dshop&handwritten=true&`, '.sides, .problem'],
    ['pools', '#/pools?', '.pool canvas'],
    ['progress', '#/progress?', '.plot canvas'],
    ['audit', '#/audit?kind=Django+ORM&seen=seen&', FIRST_ROW],
    ['a place', '#/audit/report?', '.cards'],
    ['marks', '#/marks?', '.numbers a'],
  ])('the link of %s gives the same state again', { timeout: 120_000 }, async ([, link, ready], context) => {
    const state = async (page: Page): Promise<unknown> => {
      await page.waitForSelector(ready, { state: 'attached' });
      await page.waitForLoadState('networkidle');
      return page.evaluate(() => ({
        hash: location.hash,
        fields: [...document.querySelectorAll<HTMLInputElement>('input, select')].map(({ value, checked }) => [
          value,
          checked,
        ]),
        text: document.querySelector('main')!.textContent,
      }));
    };
    const { page } = await open(`${link}${WINDOW}`, undefined, context.onTestFinished);
    expect(await state(page)).toMatchObject({ hash: `${link}${WINDOW}` });
    const { page: again } = await open(new URL(page.url()).hash, undefined, context.onTestFinished);
    // What completes a filter is asked for last, and a busy machine takes its time: each is looked at until it has it.
    const untilMs = performance.now() + 60_000;
    let [first, second] = await Promise.all([state(page), state(again)]);
    while (!isDeepStrictEqual(first, second) && performance.now() < untilMs) {
      [first, second] = await Promise.all([state(page), state(again)]);
    }
    expect(second).toEqual(first);
  });
});

/** Words that are cut: what a select has chosen, titles of columns, what a field suggests. */
function cut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const pen = document.createElement('canvas').getContext('2d')!;
    const isCut = (element: HTMLElement, text: string, aside: number): boolean => {
      const { font, paddingLeft, paddingRight } = getComputedStyle(element);
      pen.font = font;
      const room = element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight) - aside;
      return element.clientWidth > 1 && pen.measureText(text).width > room;
    };
    const arrowPx = 16;
    const selects = [...document.querySelectorAll('select')].map((select) => {
      const text = select.selectedOptions[0]?.textContent ?? '';
      return isCut(select, text, arrowPx) ? text : '';
    });
    const fields = [...document.querySelectorAll('input')].map((field) =>
      isCut(field, field.placeholder, field.list === null ? 0 : arrowPx) ? field.placeholder : '',
    );
    const heads = [...document.querySelectorAll<HTMLElement>('th[scope="col"]')].map((head) =>
      head.clientWidth > 1 && head.scrollWidth > head.clientWidth ? (head.textContent ?? '') : '',
    );
    return [...selects, ...fields, ...heads].filter(Boolean);
  });
}

/** What is wider than the window, or than a box that shows all it has. */
function sidewards(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const tooWide = [document.documentElement, document.querySelector('main')!].filter(
      ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth,
    );
    // What hangs over the edge and is in no box that scrolls.
    const hanging = [...document.querySelectorAll<HTMLElement>('main *')].filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      if (width === 0 || (left >= 0 && right <= innerWidth)) return false;
      for (let box = element.parentElement; box !== null && box.tagName !== 'MAIN'; box = box.parentElement)
        if (getComputedStyle(box).overflowX !== 'visible') return false;
      return getComputedStyle(element).position !== 'absolute';
    });
    return [...tooWide, ...hanging].map((element) => `${element.tagName}.${element.className}`);
  });
}
