// The page in a real Chromium: lists, filters, hostile SQL, empty stores, what fails, tokens.
// Not here: how every view looks (looks.test.ts), walks of a person (walks.test.ts).

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../../scripts/lib/chromium.mjs';
import { writeShopCode } from '../../scripts/lib/made-up-code.mjs';
import { writeShop } from '../../scripts/lib/made-up-shop.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { chromiumPath, openPage, type Watched } from '../kit/browser.js';
import { violations } from './axe.js';
import { ATTACK, type Served, SLOWEST, serveStore, writeManyStatements } from './kit.js';

const executablePath = chromiumPath();
const MANY = 20_000;
const FEW = 500;
const FIRST_ROW = '.virtual a[data-row="0"]';

describe.skipIf(executablePath === '')('the page', () => {
  let browser: Browser;
  let served: Served;
  let servedMany: Served;
  let servedNone: Served;
  let shop: Served;
  const directory = mkdtempSync(join(tmpdir(), 'pgwitness-web-'));
  const directoryOfMany = mkdtempSync(join(tmpdir(), 'pgwitness-web-'));
  const directoryOfShop = mkdtempSync(join(tmpdir(), 'pgwitness-web-'));
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
    await writeShop(directoryOfShop);
    shop = await serveStore(directoryOfShop, writeShopCode(directoryOfShop));
    browser = await launchChromium();
  });
  afterEach(async () => {
    for (const { page } of opened.splice(0)) await page.close();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    await servedMany?.close();
    await servedNone?.close();
    await shop?.close();
    for (const made of [directory, directoryOfMany, directoryOfNone, directoryOfShop])
      rmSync(made, { recursive: true, force: true });
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

  test('on a narrow screen the list shows what a statement is, and what it costs', async () => {
    const { page } = await open('#/statements', { width: 420 });
    await page.waitForSelector(FIRST_ROW);
    const box = (await page.locator(FIRST_ROW).boundingBox())!;
    expect(box.x).toBeLessThan(60);
    expect(box.x + box.width).toBeLessThanOrEqual(420);
  });

  test('on a narrow screen the chosen view is in sight, beside a head of two rows', async () => {
    const { page } = await open('#/marks', { of: shop, width: 390 });
    await page.waitForSelector('.numbers a');
    const chosen = (await page.locator('nav [aria-current]').boundingBox())!;
    expect(chosen.x).toBeGreaterThanOrEqual(0);
    expect(chosen.x + chosen.width).toBeLessThanOrEqual(390);
    const [brand, time] = [page.locator('.brand'), page.locator('#time')];
    const [first, second] = [(await brand.boundingBox())!, (await time.boundingBox())!];
    expect(Math.abs(first.y + first.height / 2 - second.y - second.height / 2)).toBeLessThan(10);
  });

  test('SQL is text, whatever is in it', async () => {
    const { page, complaints } = await open('#/statements');
    expect(await page.locator(`${FIRST_ROW} code`).textContent()).toBe('SELECT … FROM "<b>bold</b>" WHERE id = $1');
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
    await page.getByText('16,000 statements listed').waitFor();
    expect(await page.locator('.virtual tbody tr').count()).toBeLessThan(80);
    await page.locator(FIRST_ROW).focus();
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-row'))).toBe('1');
    await page.keyboard.press('End');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-row'))).toBe('15999');
    await page.locator('a[data-row="15999"][href]').waitFor();
    await page.keyboard.press('Enter');
    await page.waitForSelector('.distribution');
    await page.keyboard.press('Escape');
    await page.waitForSelector(FIRST_ROW);
  });

  test('rows are asked for as they come into view, and are reached before they are there', async () => {
    const { page, requests } = await open('', { of: servedMany });
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await page.route(/statements\?.*offset=/, async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(`${servedMany.url}/#/statements`);
    await page.getByText('16,000 statements listed').waitFor();
    expect(await page.locator(FIRST_ROW).textContent()).toContain('<b>bold</b>');
    expect(await page.locator('.virtual meter').count()).toBeGreaterThan(0);
    await page.locator(FIRST_ROW).focus();
    await page.keyboard.press('End');
    const last = page.locator('.virtual tr[aria-busy="true"] a[data-row="15999"]');
    await last.waitFor();
    expect(await last.textContent()).toBe('…');
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-row'));
    await expect.poll(focused).toBe('15999');
    letGo();
    await page.locator('a[data-row="15999"][href]').waitFor();
    // Who waits there is still there.
    await expect.poll(focused).toBe('15999');
    const asked = requests.filter((url) => url.includes('/api/v1/statements?')).map((url) => new URL(url).searchParams);
    // The overview asks for six, if it was there for long enough.
    const ofList = asked.filter((parameters) => parameters.get('limit') !== '6');
    expect(new Set(ofList.map((parameters) => parameters.get('limit')))).toEqual(new Set(['200']));
    expect(new Set(ofList.map((parameters) => parameters.get('offset')))).toEqual(new Set([null, '15800']));
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
    const means = await page.locator('.virtual tbody tr td:nth-child(6)').allTextContents();
    const numbers = means.slice(0, 20).map((text) => Number.parseFloat(text));
    expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
  });

  test('in order of calls the list shows calls, else executions, failed ones among them', async () => {
    const { page } = await open('#/statements');
    const cells = page.locator('.virtual tr', { has: page.locator('a[data-row="0"]') }).locator('td');
    await page.getByRole('button', { name: 'Executions' }).click();
    await page.getByRole('button', { name: 'Calls' }).waitFor();
    expect(await cells.filter({ hasText: /^9$/ }).count()).toBe(1);
    await page.getByRole('button', { name: 'Mean' }).click();
    await page.getByRole('button', { name: 'Executions' }).waitFor();
    expect(await cells.filter({ hasText: /^12$/ }).count()).toBe(1);
  });

  test('statements of a tag are taken at once as many as can be compared, else it is said how many there are', async () => {
    const { page } = await open('#/compare?how=sets', { of: shop });
    const of = (count: number) => ({
      statements: Array.from({ length: count }, (_, n) => ({
        fingerprint: `${n}`.padStart(16, 'a'),
        query: 'SELECT 1',
      })),
    });
    await page.route(/statements\?.*tag=route/, (asked) =>
      asked.fulfill({ json: of(Math.min(70, Number(new URL(asked.request().url()).searchParams.get('limit')))) }),
    );
    await page.getByRole('combobox', { name: /^Old/ }).fill('route=ported/stock/');
    await page.getByText('70 fit: choose from the list').waitFor();
    expect(await page.getByRole('button', { name: /^Take all/ }).count()).toBe(0);
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

  test('what a relationship loads stands below the audit, with its model', async () => {
    const { page } = await open('#/audit', { of: shop });
    await page.getByText('Statements that no place sends itself: 1').click();
    const row = page.getByRole('row', { name: /FROM warehouse/ });
    expect(await row.textContent()).toContain('loaded by a relationship of the model at ported/models.py:21strong');
    await row.getByRole('link').click();
    await page.waitForSelector('.distribution');
  });

  test('a statement that was not seen in the time chosen is told of, with a way on', async () => {
    const { page } = await open(`#/statements/${SLOWEST}?since=1m`);
    await page.getByText('was not observed in this time range').waitFor();
    await page.getByRole('link', { name: 'Show everything stored.' }).click();
    await page.waitForSelector('.distribution');
  });

  test.each([
    ['overview?since=all', 'Nothing observed yet.'],
    ['routes?since=all', 'Nothing observed yet.'],
    ['findings', 'Nothing was found in this time'],
    ['statements?since=all', 'Nothing observed yet.'],
    ['pools?since=all', 'Nothing observed yet.'],
    ['progress?since=all', 'Nothing observed yet.'],
    ['audit', 'makes audit.json'],
    ['audit/none', 'makes audit.json'],
    ['marks', 'No mark lies in this time.'],
    ['compare', 'Choose a mark above'],
    ['compare?how=windows', 'Give two times above'],
    ['compare?how=tag', 'Choose a tag above'],
    ['compare?how=sources', 'Choose two sources above'],
    ['compare?how=sets', 'Choose above the statements that did a job before'],
    ['compare?old=0000000000000000&new=1111111111111111', 'The old statements did not run in this window'],
    ['statements?since=1h', 'Nothing observed in this time'],
    ['statements?find=x', 'No statement fits.'],
    ['statements/0000000000000000', 'was not observed in this time range'],
    ['statements/nonsense', 'was not observed in this time range'],
    ['routes/route%3Anone%2F', 'No request of it was seen'],
    ['findings/none', 'There is no finding'],
  ])('with an empty store, %s says what to do', async (hash, text) => {
    const { page } = await open(`#/${hash}`, { of: servedNone });
    await page.getByText(text).first().waitFor();
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

  test('a token that is needed is asked for once, and kept for the tab', async () => {
    const token = '0123456789abcdef0123456789abcdef';
    const marks: string[] = [];
    const guarded = await serveStore(directoryOfShop, { token, setMark: ({ name }) => marks.push(name) });
    const watched = await openPage(browser);
    opened.push(watched);
    const { page } = watched;
    await page.goto(`${guarded.url}/`);
    await page.getByLabel(/Token/).fill(`${token.slice(1)}0`);
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByText('That token is wrong.').waitFor();
    await page.getByLabel(/Token/).fill(token);
    await page.getByRole('button', { name: 'Show' }).click();
    await page.waitForSelector('.pin');
    expect(await page.getByLabel(/Token/).count()).toBe(0);
    await page.goto(`${guarded.url}/#/marks`);
    await page.getByLabel('Set a mark now').fill('deploy 43');
    await page.getByRole('button', { name: 'Set' }).click();
    await page.getByText('deploy 43 is set.').waitFor();
    expect(marks).toEqual(['deploy 43']);
    await page.close();
    await guarded.close();
  });

  test('a mark is not set without a token, and the page says so', async () => {
    const { page } = await open('#/marks', { of: shop });
    await page.getByLabel('Set a mark now').fill('deploy 43');
    await page.getByRole('button', { name: 'Set' }).click();
    await page.getByText('a mark is set only with a token').waitFor();
  });

  test('a store that cannot be read is told of in every view', async () => {
    const broken = mkdtempSync(join(tmpdir(), 'pgwitness-web-'));
    await writeShop(broken);
    const other = await serveStore(broken);
    writeFileSync(join(broken, 'witness.db'), Buffer.alloc(65_536, 7));
    for (const hash of ['', '#/routes', '#/statements', '#/pools', '#/progress', '#/findings', '#/marks']) {
      const { page } = await open(hash, { of: other });
      await page.getByText('the store cannot be used').first().waitFor();
    }
    await other.close();
    rmSync(broken, { recursive: true, force: true });
  });
});
