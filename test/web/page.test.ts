// The page in a real Chromium: every view, accessible, quiet, and safe with hostile SQL.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../scripts/lib/setup/build.mjs';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { chromiumPath, launchBrowser, openPage, type Watched } from '../kit/browser.js';
import { ATTACK, type Served, SLOWEST, serveStore, writeManyStatements } from './kit.js';

const executablePath = chromiumPath();
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const MANY = 20_000;
const FEW = 500;
const FIRST_ROW = '.virtual a[data-row="0"]';

describe.skipIf(executablePath === '')('the page', () => {
  let browser: Browser;
  let served: Served;
  let servedMany: Served;
  let servedNone: Served;
  const directory = mkdtempSync(join(tmpdir(), 'pgwitness-web-'));
  const directoryOfMany = mkdtempSync(join(tmpdir(), 'pgwitness-web-'));
  const directoryOfNone = mkdtempSync(join(tmpdir(), 'pgwitness-web-'));
  const opened: Watched[] = [];

  beforeAll(async () => {
    await build(() => {});
    writeManyStatements(directory, FEW);
    writeManyStatements(directoryOfMany, MANY);
    openSqliteStore({ dataDir: directoryOfNone }).close();
    served = await serveStore(directory);
    servedNone = await serveStore(directoryOfNone);
    servedMany = await serveStore(directoryOfMany);
    browser = await launchBrowser(executablePath);
  });
  afterEach(async () => {
    for (const { page } of opened.splice(0)) await page.close();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    await servedMany?.close();
    await servedNone?.close();
    for (const made of [directory, directoryOfMany, directoryOfNone]) rmSync(made, { recursive: true, force: true });
  });

  async function open(
    hash: string,
    { of = served, ...options }: Parameters<typeof openPage>[1] & { of?: Served } = {},
  ): Promise<Watched> {
    const watched = await openPage(browser, options);
    opened.push(watched);
    await watched.page.goto(`${of.url}/${hash}`);
    return watched;
  }

  /** Violations of WCAG 2 A and AA, as axe names them, with the elements. */
  async function violations(page: Page): Promise<string[]> {
    // Evaluated by the debugger, which the page's content security policy does not bind.
    await page.evaluate(AXE);
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: Array<{ id: string; nodes: Array<{ html: string }> }> }> };
      };
      const { violations } = await axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
    });
  }

  const VIEWS = [
    ['statements', '#/statements', FIRST_ROW],
    ['one statement', `#/statements/${SLOWEST}`, '.distribution'],
    ['pools', '#/pools', '.pool'],
    ['progress', '#/progress', '.plot canvas'],
  ] as const;

  describe.each(VIEWS)('%s', (_, hash, ready) => {
    test.each(['light', 'dark'] as const)('is accessible in %s', async (colorScheme) => {
      const { page } = await open(hash, { colorScheme });
      await page.waitForSelector(ready);
      expect(await violations(page)).toEqual([]);
    });

    test('complains of nothing and asks nothing of other hosts', async () => {
      const { page, complaints, requests } = await open(hash);
      await page.waitForSelector(ready);
      expect(complaints).toEqual([]);
      expect(requests.filter((url) => !url.startsWith(served.url))).toEqual([]);
    });

    test('does not scroll sideways on a narrow screen', async () => {
      const { page } = await open(hash, { width: 420 });
      await page.waitForSelector(ready);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(over).toBeLessThanOrEqual(0);
    });
  });

  test('on a narrow screen the list shows what a statement is, and what it costs', async () => {
    const { page } = await open('#/statements', { width: 420 });
    await page.waitForSelector(FIRST_ROW);
    const box = (await page.locator(FIRST_ROW).boundingBox())!;
    expect(box.x).toBeLessThan(240);
    expect(box.x + box.width).toBeLessThanOrEqual(420);
  });

  test('SQL is text, whatever is in it', async () => {
    const { page, complaints } = await open('#/statements');
    expect(await page.locator(FIRST_ROW).textContent()).toBe('SELECT … FROM "<b>bold</b>" WHERE id = $1');
    await page.locator(FIRST_ROW).click();
    await page.waitForSelector('.distribution');
    const shown = await page.locator('.sql').first().textContent();
    expect(shown!.replace(/\s+/g, ' ')).toBe(ATTACK);
    expect(await page.locator('h1').textContent()).toBe('SELECT from <b>bold</b>');
    expect(await page.locator('main b:text("bold"), main img, main i, main script, main u').count()).toBe(0);
    expect(await page.title()).toBe(`${SLOWEST} – pgwitness`);
    expect(complaints).toEqual([]);
  });

  test('evidence, tags and errors of a statement are shown', async () => {
    const { page } = await open(`#/statements/${SLOWEST}`);
    await page.waitForSelector('.distribution');
    const text = await page.locator('main').textContent();
    for (const part of ['Why raw?', 'django-shape', '/<i>books</i>/', '57014', 'django:app@shop']) {
      expect(text).toContain(part);
    }
  });

  test('20,000 statements make few elements, and the last one is reached by keyboard', async () => {
    const { page } = await open('#/statements', { of: servedMany });
    await page.waitForSelector(FIRST_ROW);
    expect(await page.locator('.virtual tbody tr').count()).toBeLessThan(80);
    expect(await page.locator('.below').textContent()).toContain('16,000 statements shown');
    await page.locator(FIRST_ROW).focus();
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-row'))).toBe('1');
    await page.keyboard.press('End');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-row'))).toBe('15999');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.distribution');
    await page.keyboard.press('Escape');
    await page.waitForSelector(FIRST_ROW);
  });

  test('"/" finds, by text', async () => {
    const { page } = await open('#/statements', { of: servedMany });
    await page.waitForSelector(FIRST_ROW);
    await page.keyboard.press('/');
    await page.keyboard.type('TABLE_4242 t4242');
    await page.waitForFunction(() => document.querySelectorAll('.virtual tbody tr').length === 1);
    expect(await page.locator(FIRST_ROW).textContent()).toContain('table_4242');
    expect(page.url()).toContain('find=TABLE_4242');
  });

  test('a column head sorts, and says so', async () => {
    const { page } = await open('#/statements?source=django-orm');
    await page.waitForSelector(FIRST_ROW);
    await page.getByRole('button', { name: 'Mean' }).click();
    await page.waitForSelector('th[aria-sort="descending"]');
    const means = await page.locator('.virtual tbody tr td:nth-child(4)').allTextContents();
    const numbers = means.slice(0, 20).map((text) => Number.parseFloat(text));
    expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
  });

  test('filters ask the API and stay in the address', async () => {
    const { page, requests } = await open('#/statements');
    await page.waitForSelector(FIRST_ROW);
    await page.getByLabel('Source').selectOption('housekeeping');
    await page.waitForFunction(() => document.querySelector('.below')?.textContent?.includes('100 statements'));
    expect(requests.some((url) => url.includes('/api/v1/statements?') && url.includes('source=housekeeping'))).toBe(
      true,
    );
    expect(page.url()).toContain('source=housekeeping');
  });

  test('the colour scheme can be chosen and is kept', async () => {
    const { page } = await open('#/pools');
    await page.waitForSelector('.pool');
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.getByRole('button', { name: 'Light / dark' }).click();
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.reload();
    await page.waitForSelector('.pool');
    expect(await background()).toBe(dark);
  });

  test('the numbers of the progress page leave housekeeping out of every share', async () => {
    const { page } = await open('#/progress');
    await page.waitForSelector('.card');
    const cards = await page.locator('.card h2').allTextContents();
    expect(cards).toEqual(['django-orm', 'sqlalchemy', 'raw', 'reports-job']);
    expect(await page.locator('.card .note').nth(2).textContent()).toContain('(101)');
  });

  test('a statement that was not seen in the time chosen is told of, with a way on', async () => {
    const { page } = await open(`#/statements/${SLOWEST}?since=1m`);
    await page.getByText('was not observed in this time range').waitFor();
    await page.getByRole('link', { name: 'Show everything stored.' }).click();
    await page.waitForSelector('.distribution');
  });

  test.each([
    ['statements', 'Nothing observed yet.'],
    ['pools', 'Nothing observed yet.'],
    ['progress', 'Nothing observed yet.'],
    ['statements?since=1h', 'Nothing observed in this time'],
    ['statements?find=x', 'No statement fits.'],
  ])('with an empty store, %s says what to do', async (hash, text) => {
    const { page } = await open(`#/${hash}`, { of: servedNone });
    await page.getByText(text).waitFor();
    expect(await violations(page)).toEqual([]);
  });

  test('an observer that went away is told of, and what it said stays', async () => {
    const other = await serveStore(directory);
    const watched = await openPage(browser);
    opened.push(watched);
    await watched.page.goto(`${other.url}/#/pools`);
    await watched.page.waitForSelector('.pool');
    await other.close();
    await watched.page.waitForSelector('.problem');
    expect(await watched.page.locator('.pool').count()).toBe(2);
  });

  test('a token that is needed is asked for', async () => {
    const token = '0123456789abcdef0123456789abcdef';
    const guarded = await serveStore(directory, { token });
    const watched = await openPage(browser);
    opened.push(watched);
    await watched.page.goto(`${guarded.url}/#/pools`);
    await watched.page.getByLabel(/Token/).fill(token);
    await watched.page.getByRole('button', { name: 'Show' }).click();
    await watched.page.waitForSelector('.pool');
    await watched.page.close();
    await guarded.close();
  });
});
