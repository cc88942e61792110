// The live view over a real sidecar: what is in flight, what waits, and statements as they end.
// Not here: the view's look and keys (page.test.ts).

import pg from 'pg';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../../scripts/lib/chromium.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { startSidecar } from '../../scripts/lib/sidecar.mjs';
import { chromiumPath, openPage } from '../kit/browser.js';
import { usePostgres } from '../kit/postgres.js';
import { temporaryDirectory } from '../kit/sidecar.js';

const executablePath = chromiumPath();

describe.skipIf(executablePath === '')('live', () => {
  const postgres = usePostgres();
  let sidecar: Awaited<ReturnType<typeof startSidecar>>;
  let browser: Browser;

  beforeAll(async () => {
    await build(() => {});
    sidecar = await startSidecar({ upstream: postgres(), data: `${temporaryDirectory('live')}/data` });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await sidecar?.stop();
  });

  test('a transaction that waits and a statement that ended are shown, and the latter leads on', async () => {
    const { page, complaints } = await openPage(browser, { width: 1440 });
    await page.goto(`${sidecar.httpUrl}/#/live`);
    const client = new pg.Client({ host: sidecar.host, port: sidecar.port, user: 'postgres', database: 'postgres' });
    await client.connect();
    await client.query('BEGIN');
    await client.query(
      `SELECT count(*) FROM pg_class WHERE relname = 'x' /* route='books/',caller='app/books.py:9' */`,
    );
    const inFlight = page.getByRole('region', { name: 'In flight', exact: true });
    await inFlight.getByText('waits in its transaction').waitFor();
    expect(await inFlight.textContent()).toContain('books/');
    await client.query('COMMIT');
    await client.end();
    const ended = page.locator('.tail tbody tr', { hasText: 'pg_class' }).first();
    await ended.waitFor();
    expect(await ended.textContent()).toContain('app/books.py:9');
    await inFlight.getByText('Nothing at').waitFor();
    // A statement is shown as it ends, and stored some seconds later; until then its page is told that there is none.
    const stored = async () => (await fetch(`${sidecar.httpUrl}/api/v1/statements?find=pg_class`)).json();
    await expect.poll(stored, { timeout: 30_000 }).toMatchObject({ statements: [expect.anything()] });
    await ended.getByRole('link').click();
    await page.getByRole('heading', { name: 'SELECT from pg_class' }).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });
});
