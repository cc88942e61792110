// Walks through the page as a person takes them: by few clicks, and by keyboard alone.
// Invariant: a walk uses what is on the screen, never an address. Not here: single views (page.test.ts).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TO_ROUTE, TO_STATEMENT } from '../../scripts/grafana/panels.mjs';
import { launchChromium } from '../../scripts/lib/chromium.mjs';
import { writeShopCode } from '../../scripts/lib/made-up-code.mjs';
import { DEPLOY, shopFingerprint, WORSE, writeShop } from '../../scripts/lib/made-up-shop.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { pgwitness } from '../cli/command.js';
import { chromiumPath, openPage } from '../kit/browser.js';
import { type Served, serveStore } from './kit.js';

const executablePath = chromiumPath();
const upper = (letter: string): string => letter.toUpperCase();

describe.skipIf(executablePath === '')('walks', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgwitness-walks-'));
  let browser: Browser;
  let served: Served;
  let page: Page;

  beforeAll(async () => {
    await build(() => {});
    await writeShop(directory);
    served = await serveStore(directory);
    browser = await launchChromium();
  });
  afterEach(() => page.close());
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    ({ page } = await openPage(browser, { width: 1440 }));
    await page.goto(`${served.url}/`);
    await page.waitForSelector('.pin');
  }

  test('from / to the place that causes the most repeated statements in three clicks', async () => {
    await start();
    await page.getByRole('navigation').getByRole('link', { name: 'Findings' }).click();
    // What costs most stands first, and says how often it repeats.
    const worst = page.getByRole('row').nth(1);
    expect(await worst.textContent()).toContain('20 reads per request');
    await worst.getByRole('link').click();
    await page.waitForSelector('.place');
    expect(await page.locator('.place').first().textContent()).toBe(WORSE.caller);
    // The third leads to the statement itself.
    const its = page.getByRole('region', { name: 'Its statements' });
    await its.getByRole('link', { name: /FROM "shop_orderline"/ }).click();
    await page.waitForSelector('.distribution');
    expect(await page.locator('.numbers').first().textContent()).toContain(WORSE.caller);
  });

  test('the same by keyboard alone, and back', async () => {
    await start();
    await page.keyboard.press('3');
    await page.waitForSelector('.numbers a');
    // Of a link alone: without one the focus is on all of the page.
    const focused = () => page.evaluate(() => document.activeElement?.closest('a')?.textContent ?? '');
    const to = async (text: RegExp): Promise<void> => {
      for (let presses = 0; presses < 60 && !text.test(await focused()); presses++) await page.keyboard.press('Tab');
      expect(await focused()).toMatch(text);
      await page.keyboard.press('Enter');
    };
    await to(/^N\+1 on shop_orderline/);
    await page.waitForSelector('.place');
    expect(await page.locator('.place').first().textContent()).toBe(WORSE.caller);
    await to(/FROM "shop_orderline"/);
    await page.waitForSelector('.distribution');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.virtual a[data-row="0"]');
  });

  test('a deployment that made a route worse is found in two', async () => {
    await start();
    const since = page.getByRole('region', { name: `Since ${DEPLOY}` });
    await since.getByText('slower', { exact: true }).waitFor();
    expect(await since.textContent()).toContain('4.0 → 23.0 statements');
    await since.getByRole('link', { name: WORSE.route }).click();
    await page.waitForSelector('h1');
    expect(await page.locator('h1').textContent()).toBe(WORSE.route);
    await page.getByRole('link', { name: /^N\+1 on shop_orderline: 20 reads per request/ }).click();
    expect(await page.locator('.place').first().textContent()).toBe(WORSE.caller);
  });

  test('of a route one request is shown: a typical one, and the slowest with its repeats on one line', async () => {
    await start();
    await page.getByRole('navigation').getByRole('link', { name: 'Routes' }).click();
    await page.getByRole('link', { name: /^orders\/ / }).click();
    const request = page.getByRole('region', { name: 'A request of it' });
    const lines = request.locator('tbody tr');
    await lines.first().waitFor();
    expect(await lines.count()).toBe(4);
    await request.getByRole('link', { name: 'The slowest' }).click();
    await request.getByText('20×').waitFor();
    expect(page.url()).toContain('request=slowest');
    const repeated = lines.filter({ hasText: '20×' });
    expect(await repeated.textContent()).toContain(WORSE.caller);
    // Each of the repeats is drawn, one after another, inside the request.
    const drawn = await repeated.locator('rect').evaluateAll((all) => all.map((one) => Number(one.getAttribute('x'))));
    expect(drawn).toHaveLength(20);
    expect([...drawn].sort((a, b) => a - b)).toEqual(drawn);
    expect(new Set(drawn).size).toBeGreaterThan(10);
  });

  test('a finding shows a request that has it, with the part of each statement', async () => {
    ({ page } = await openPage(browser, { width: 1440 }));
    await page.goto(`${served.url}/#/findings/f1`);
    const lines = page.getByRole('region', { name: 'A request that shows it' }).locator('tbody tr');
    await lines.filter({ hasText: '20×' }).waitFor();
    expect(await lines.filter({ hasText: '20×' }).textContent()).toContain('repeated');
    expect(await lines.filter({ hasText: 'caused-by' }).count()).toBe(1);
  });

  test('a link of Grafana leads to the statement, and to the route', async () => {
    ({ page } = await openPage(browser, { width: 1440 }));
    const filled = (url: string, labels: Readonly<Record<string, string>>): string =>
      url
        .replace('$' + '{page}', served.url)
        .replace(/\$\{__field\.labels\.(\w+)(:percentencode)?\}/g, (_, name, encoded) =>
          encoded ? encodeURIComponent(labels[name]) : labels[name],
        );
    await page.goto(filled(TO_ROUTE.url, { kind: 'route', route: WORSE.route }));
    await page.waitForSelector('.cards');
    expect(await page.locator('h1').textContent()).toBe(WORSE.route);
    await page.goto(filled(TO_STATEMENT.url, { fingerprint: shopFingerprint('report') }));
    await page.waitForSelector('.distribution');
  });

  test('a line of the chart leads to what its mark changed', async () => {
    await start();
    await page.locator('.pin.mark', { hasText: DEPLOY }).click();
    await page.waitForSelector('.judgement');
    expect(page.url()).toContain('#/compare?');
    expect(await page.locator('.judgement.gone').count()).toBe(1);
    await page.getByLabel('By').selectOption('route');
    await page.locator('.judgement.slower').waitFor();
    expect(await page.locator('tr', { has: page.locator('.judgement.slower') }).textContent()).toContain(WORSE.route);
  });

  test('a stretch that is drawn over the chart is the window of every view', async () => {
    await start();
    const box = (await page.locator('.u-over').boundingBox())!;
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.3, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, y, { steps: 5 });
    await page.mouse.up();
    await page.waitForFunction(() => location.hash.includes('until='));
    await page.getByRole('navigation').getByRole('link', { name: 'Statements' }).click();
    await page.waitForSelector('.virtual a');
    expect(page.url()).toMatch(/#\/statements\?since=[^&]+&until=/);
    await page.getByRole('button', { name: 'back to the last 24 hours' }).click();
    expect(page.url()).toMatch(/#\/statements$/);
  });

  test('by keyboard alone: a route, its finding, a search, the keys', async () => {
    await start();
    await page.keyboard.press('2');
    await page.waitForSelector('.virtual a[data-row="0"]');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.cards');
    expect(await page.locator('h1').textContent()).toBe('reports/slow-movers/');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.virtual a[data-row="0"]');
    await page.keyboard.press('4');
    await page.waitForSelector('#find');
    await page.keyboard.press('/');
    await page.keyboard.type('orders.py:88');
    await page.waitForFunction(() => document.querySelectorAll('.virtual tbody tr').length === 1);
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.distribution');
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Keys' }).waitFor({ state: 'hidden' });
    await page.keyboard.press('Escape');
    await page.waitForSelector('.virtual');
    // The list is as it was left.
    expect(page.url()).toContain('find=orders.py');
  });

  test('every link of every view is reached by Tab, in an order that can be seen', async () => {
    await start();
    const seen = new Set<string>();
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press('Tab');
      seen.add(await page.evaluate(() => document.activeElement?.getAttribute('href') ?? ''));
    }
    const links = await page.locator('main a').evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
    expect(links.filter((href) => !seen.has(href))).toEqual([]);
  });

  test('two values of a tag are chosen from those seen', async () => {
    await start();
    await page.keyboard.press('5');
    await page.getByRole('combobox', { name: 'Compare' }).selectOption('tag');
    await page.getByRole('combobox', { name: 'Tag' }).selectOption('route');
    await page.getByRole('combobox', { name: 'Before' }).selectOption('reports/slow-movers/');
    await page.getByRole('combobox', { name: 'After' }).selectOption('reports/top-sellers/');
    await page.waitForSelector('.sides');
    expect(page.url()).toContain('tag=route');
    expect(await page.locator('.sides').textContent()).toContain('route=reports/top-sellers/');
  });

  test('a statement and what replaced it: chosen by their places, judged in the words of the terminal', async () => {
    await start();
    const field = (name: string) => page.getByRole('combobox', { name: new RegExp(`^${name}`) });
    await page.keyboard.press('5');
    await page.getByRole('combobox', { name: 'Compare' }).selectOption('sets');
    await page.getByText('Choose above the statements that did a job before').waitFor();
    await field('Old').fill('shop_product');
    await page.getByText(/^\d+ fit: choose from the list$/).waitFor();
    await field('Old').fill('reports.py:41');
    await field('Old').press('Enter');
    await page.getByRole('list', { name: 'Old: statements' }).getByText('FROM shop_orderline').waitFor();
    await field('New').fill('nowhere');
    await page.getByText('never seen; choose from the list').waitFor();
    await field('New').fill(shopFingerprint('topSellers'));
    const verdict = page.locator('.verdict');
    await verdict.waitFor();
    const asked = ['--old', shopFingerprint('report'), '--new', shopFingerprint('topSellers'), '--since', '24h'];
    const { stdout } = await pgwitness(['compare', ...asked, '--data', directory]);
    const said = stdout.split('\n');
    expect(await verdict.textContent()).toBe(said[0]);
    const heads = await page.locator('.per-set h2').allTextContents();
    expect(heads).toEqual(said.filter((line) => /^(old|new): /.test(line)).map((line) => line.replace(/^./, upper)));
    await page.getByLabel('Within').fill('route=reports/top-sellers/');
    await page.getByText('The old statements did not run in this window with route=reports/top-sellers/').waitFor();
    await page.getByRole('button', { name: `Leave out ${shopFingerprint('report')}` }).click();
    await page.getByText('Choose above the statements that did a job before').waitFor();
    expect(page.url()).not.toContain('old=');
  });

  test('all statements of a place or with a tag are taken at once', async () => {
    await start();
    await page.goto(`${served.url}/#/compare?how=sets`);
    const old = page.getByRole('combobox', { name: /^Old/ });
    const oldOnes = page.getByRole('list', { name: 'Old: statements' }).getByRole('listitem');
    await old.fill('shop/orders.py');
    await page.getByRole('button', { name: 'Take all 5' }).click();
    expect(await oldOnes.count()).toBe(5);
    expect(await old.inputValue()).toBe('');
    const now = page.getByRole('combobox', { name: /^New/ });
    await now.fill('route=ported/stock/');
    await page.getByRole('button', { name: 'Take all 3' }).click();
    await page.waitForSelector('.verdict');
    const hash = new URLSearchParams(page.url().split('?')[1]);
    expect(hash.get('new')!.split(',').sort()).toEqual(
      ['stock', 'stockUpdate', 'warehouse'].map((name) => shopFingerprint(name)).sort(),
    );
  });

  test('a link that groups by tag:KEY shows which key', async () => {
    await start();
    await page.goto(
      `${served.url}/#/compare?${new URLSearchParams({ tag: 'route=orders/,search/', 'group-by': 'tag:route' })}`,
    );
    await page.waitForSelector('.sides');
    expect(await page.locator('label', { hasText: /^By/ }).locator('select').inputValue()).toBe('route');
  });

  test('a pair is narrowed by tags, one after another, as with --tag', async () => {
    await start();
    const pair = new URLSearchParams({ tag: 'route=orders/,search/' });
    await page.goto(`${served.url}/#/compare?${pair}`);
    await page.waitForSelector('.sides');
    const asked = page.waitForRequest((request) => request.url().includes('tag=caller'));
    await page.getByRole('combobox', { name: /^Within/ }).fill('caller=shop/middleware.py:12');
    const { searchParams } = new URL((await asked).url());
    expect(searchParams.getAll('tag')).toEqual(['route=orders/,search/', 'caller=shop/middleware.py:12']);
    await page.getByText(/^1 of 1 rows/).waitFor();
    await page.getByRole('button', { name: 'Leave out caller=shop/middleware.py:12' }).click();
    await page.getByText(/^[^1] of \d rows/).waitFor();
    const handwritten = page.waitForRequest((request) => request.url().includes('handwritten=true'));
    await page.getByLabel('Handwritten only').check();
    await handwritten;
    expect(page.url()).toContain('handwritten=true');
  });

  test('tags narrow by keyboard alone: the field keeps the focus, is empty again, and gets it back', async () => {
    await start();
    await page.goto(`${served.url}/#/compare?${new URLSearchParams({ tag: 'route=orders/,search/' })}`);
    await page.waitForSelector('.sides');
    const focused = () =>
      page.evaluate(() => {
        const { tagName, value } = document.activeElement as HTMLInputElement;
        return `${tagName} ${document.activeElement?.closest('label')?.firstChild?.textContent}: ${value}`;
      });
    const tags = page.getByRole('list', { name: 'Within: tags' }).getByRole('listitem');
    await page.getByRole('combobox', { name: /^Within/ }).focus();
    for (const [n, tag] of ['caller=shop/middleware.py:12', 'app=*', 'route=*'].entries()) {
      await page.keyboard.type(tag);
      if (tag.includes('*')) await page.keyboard.press('Enter');
      await tags.nth(n).waitFor();
      expect(await focused(), tag).toBe('INPUT Within: ');
    }
    // One that was taken is no second one.
    await page.keyboard.type('app=*');
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('INPUT Within: ');
    expect(await tags.allTextContents()).toEqual(['caller=shop/middleware.py:12×', 'app=*×', 'route=*×']);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => !location.hash.includes('middleware'));
    expect(await focused()).toBe('INPUT Within: ');
    expect(await tags.allTextContents()).toEqual(['app=*×', 'route=*×']);
  });

  test('two sources are a pair, and a choice of another way forgets it', async () => {
    await start();
    await page.keyboard.press('5');
    await page.getByRole('combobox', { name: 'Compare' }).selectOption('sources');
    await page.getByRole('combobox', { name: 'Before' }).selectOption('raw');
    await page.getByRole('combobox', { name: 'After' }).selectOption('django-orm');
    await page.waitForSelector('.sides');
    expect(page.url()).toContain('source=raw%2Cdjango-orm');
    await page.getByRole('combobox', { name: 'Compare' }).selectOption('tag');
    await page.getByText('Choose a tag above').waitFor();
    expect(page.url()).not.toContain('source=');
  });

  test('a filter completes what was seen, and says when a value was not', async () => {
    await start();
    await page.keyboard.press('4');
    await page.getByLabel('Tag').fill('route=/orders');
    await page.getByText('not yet a whole one: route=orders/?').waitFor();
    expect(page.url()).not.toContain('tag=');
    await page.getByLabel('Tag').fill('route=orders/');
    await page.waitForFunction(() => location.hash.includes('tag=route'));
    await page.waitForFunction(() => document.querySelectorAll('.virtual tbody tr').length === 4);
  });

  test('from the audit by keyboard to a place, what replaces it, and the statement that it sends', async () => {
    const other = await serveStore(directory, writeShopCode(directory));
    ({ page } = await openPage(browser, { width: 1440 }));
    await page.goto(`${other.url}/`);
    await page.waitForSelector('.pin');
    await page.keyboard.press('9');
    await page.waitForSelector('.virtual a[data-row="0"]');
    expect(await page.getByText(/coverage high: the traffic touched 6 of 6 routes/).count()).toBe(1);
    await page.getByLabel('In the traffic').selectOption('not seen');
    await page.waitForFunction(() => document.querySelectorAll('.virtual tbody tr').length === 2);
    expect(page.url()).toContain('seen=not+seen');
    await page.getByLabel('In the traffic').selectOption('');
    await page.getByLabel('Kind').selectOption('raw SQL, medium');
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: /shop\/reports\.py:41/ }).focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('.cards');
    expect(await page.locator('main').textContent()).toContain('a tag of the traffic names its line (certain)');
    const way = page.getByRole('region', { name: 'What replaces it' });
    expect(await way.getByRole('link').first().getAttribute('href')).toMatch(/^https:\/\/docs\.djangoproject\.com\//);
    await page.getByRole('region', { name: 'Statements' }).getByRole('link').last().click();
    await page.waitForSelector('.distribution');
    await page.close();
    await other.close();
  });

  test('the progress of a migration is that of its ledger', async () => {
    const other = await serveStore(directory, writeShopCode(directory));
    ({ page } = await openPage(browser, { width: 1440 }));
    await page.goto(`${other.url}/#/progress`);
    await page.getByRole('heading', { name: 'Places left, by week' }).waitFor();
    const text = await page.locator('main').textContent();
    expect(text).toContain('shop/reports.py');
    // It was done, and is seen again.
    expect(await page.getByRole('region', { name: 'Done, and seen again', exact: true }).textContent()).toContain(
      'shop/search.py:27',
    );
    expect(await page.getByRole('region', { name: 'By group', exact: true }).textContent()).toContain('Jobs');
    const marks = page.getByRole('region', { name: 'From mark to mark, database time' }).getByRole('row');
    const said = (await marks.allTextContents()).filter((row) => row.includes('shop/tasks.py'));
    expect(said.map((row) => row.includes('(start)'))).toEqual([true, false]);
    expect(said[1]).toContain(DEPLOY);
    await page.close();
    await other.close();
  });
});
