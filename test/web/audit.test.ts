// The page's audit in a real Chromium: a cursor and its rows, text that is not known, Django's own.
// Not here: the view's list, look and keys (page.test.ts, walks.test.ts).

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../../scripts/lib/chromium.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { chromiumPath, openPage } from '../kit/browser.js';
import { entryOf, flushOf, poolOf, rollupOf, tagsOf, verdictOf } from '../storage/flushes.js';
import { MINUTE, type Served, serveStore } from './kit.js';

const executablePath = chromiumPath();

const RAN = [
  {
    query: 'DECLARE rows CURSOR FOR SELECT name FROM book',
    source: 'raw',
    construct: 'cursor',
    caller: 'shop/export.py:7',
  },
  { query: 'FETCH 100 FROM rows', source: 'raw', construct: 'cursor' },
  { query: 'CREATE TABLE "book" ("id" bigint)', source: 'django-orm', construct: 'migration', caller: 'manage.py:9' },
  { query: 'INSERT INTO "django_migrations" ("app") VALUES (?)', source: 'django-orm', construct: 'queryset' },
  { query: 'SELECT name FROM shelf', source: 'raw', construct: 'cursor', caller: 'shop/shelf.py:3' },
] as const;

function place(id: string, line: number, more: object) {
  return {
    id,
    file: 'shop/export.py',
    line,
    end_line: line,
    function: id,
    function_lines: null,
    kind: 'raw',
    in_migration: false,
    statements: [],
    tables: [],
    database: 'default',
    via: null,
    resolved: true,
    unresolved: null,
    ...more,
  };
}

const CODE = {
  version: 1,
  root: 'shop',
  routes: null,
  jobs: null,
  commands: null,
  places: [
    place('export', 7, { api: 'cursor.execute', tables: ['book'] }),
    place('hand_over', 20, {
      api: 'connection.cursor',
      resolved: false,
      unresolved: 'what the cursor sends is not to be seen here',
    }),
    place('one_column', 30, {
      api: 'cursor.execute',
      tables: ['book'],
      statements: [{ sql: 'SELECT {column} FROM book', holes: true, form: 'statement', reverse: false }],
    }),
  ],
};

function fill(dataDir: string): void {
  const store = openSqliteStore({ dataDir });
  const ran = RAN.map((one, n) => ({ ...one, fingerprint: n.toString(16).padStart(16, 'a') }));
  store.flush(
    flushOf({
      atMs: MINUTE * 60_000,
      rollups: ran.map(({ fingerprint, source, construct }) =>
        rollupOf({ minute: MINUTE, fingerprint, source, construct, callsNs: [1e6, 2e6] }),
      ),
      catalogue: ran.map(({ fingerprint, query }) =>
        entryOf({ fingerprint, query, summary: '', keyHash: fingerprint }),
      ),
      statements: ran.map(({ fingerprint, source, construct }) => verdictOf({ fingerprint, source, construct })),
      tags: ran.flatMap(({ fingerprint, source, ...one }) =>
        'caller' in one ? [tagsOf({ caller: one.caller }, { fingerprint, source, minute: MINUTE })] : [],
      ),
      pools: [poolOf('pool-a', 'django:app@shop')],
    }),
  );
  store.close();
}

describe.skipIf(executablePath === '')("the page's audit", () => {
  let browser: Browser;
  let served: Served;
  let page: Page;
  let complaints: string[];
  const directory = mkdtempSync(join(tmpdir(), 'pgwitness-web-audit-'));

  beforeAll(async () => {
    await build(() => {});
    fill(directory);
    const code = join(directory, 'audit.json');
    writeFileSync(code, JSON.stringify(CODE));
    served = await serveStore(directory, { code });
    browser = await launchChromium();
    ({ page, complaints } = await openPage(browser));
    await page.goto(`${served.url}/#/audit`);
    await page.waitForSelector('.virtual a[data-row="0"]');
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('rows of a cursor stand below it, with the place that declared it, and lead there', async () => {
    await page.getByText('Statements that no place sends itself: 1').click();
    const row = page.getByRole('row', { name: /^FETCH/ });
    expect(await row.textContent()).toContain('rows of the cursor declared at shop/export.py:7strong');
    await row.getByRole('link', { name: 'shop/export.py:7' }).click();
    await page.getByText('a tag of the traffic names its line (certain)').waitFor();
    await page.getByRole('link', { name: '← Audit' }).click();
    await page.waitForSelector('.virtual a[data-row="0"]');
  });

  test('what Django and migrations sent is one line, apart from what no place explains', async () => {
    await page
      .getByText('Django itself and migrations sent 2 statements, 4 times: 1 schema and introspection, 1')
      .click();
    const table = page.getByRole('table', { name: 'Statements of Django itself and of migrations' });
    expect(await table.getByRole('row').count()).toBe(3);
    expect(await table.textContent()).toContain('construct');
    await page.getByText('Statements that no place explains: 1').click();
    const open = page.getByRole('table', { name: 'Statements that no place explains' });
    expect(await open.textContent()).toContain('shop/shelf.py:3');
  });

  test('a cursor whose text is not known says so, in the list and on its own page', async () => {
    const row = page.locator('.virtual a', { hasText: 'shop/export.py:20' });
    await page.getByText('what the cursor sends is not to be seen here').first().waitFor();
    await row.click();
    await page.getByText('What it sends is not known: what the cursor sends is not to be seen here.').waitFor();
    await page.goBack();
    await page.locator('.virtual a', { hasText: 'shop/export.py:30' }).click();
    await page.getByText('What stands in braces is put in when it runs.').waitFor();
    expect(await page.getByRole('region', { name: 'What the code says' }).textContent()).toContain('{column}');
    expect(complaints).toEqual([]);
  });
});
