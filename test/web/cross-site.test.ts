// Pages of other sites in a real Chromium: what they may start at the API, and what a link may.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HttpCounts } from '../../dashboards/metrics/state/http-counts.js';
import { launchChromium } from '../../scripts/lib/chromium.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { chromiumPath } from '../kit/browser.js';
import { type Served, serveStore, writeManyStatements } from './kit.js';

const executablePath = chromiumPath();

describe.skipIf(executablePath === '')('a page of another site', () => {
  let browser: Browser;
  let served: Served;
  let other: Server;
  let otherPort: number;
  let page: Page;
  const directory = mkdtempSync(join(tmpdir(), 'pgwitness-web-'));
  const counts = new HttpCounts();
  /** Paths that the API was asked. */
  const asked: string[] = [];

  beforeAll(async () => {
    await build(() => {});
    writeManyStatements(directory, 20);
    served = await serveStore(directory, { counts, onQuestion: (url) => asked.push(url) });
    other = createServer((_, response) => {
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>other</title>');
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    otherPort = (other.address() as AddressInfo).port;
    browser = await launchChromium();
  });
  beforeEach(async () => {
    asked.length = 0;
    page = await browser.newPage();
  });
  afterEach(() => page.close());
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    other?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  // Another port of the same host is the same site, another host is not.
  test.each(['127.0.0.1', 'localhost'])('on %s starts no report, whatever it uses', async (host) => {
    await page.goto(`http://${host}:${otherPort}/`);
    const refusedBefore = counts.refused.cross_site;
    await page.evaluate(async (api) => {
      const put = (tag: string, attributes: Record<string, string>) =>
        new Promise((resolve) => {
          const element = Object.assign(document.createElement(tag), attributes);
          element.onload = element.onerror = resolve;
          document.body.append(element);
        });
      await fetch(`${api}/statements?since=1h`, { mode: 'no-cors' }).catch(() => {});
      await fetch(`${api}/statements?since=2h`).catch(() => {});
      await put('img', { src: `${api}/statements?since=3h` });
      await put('script', { src: `${api}/statements?since=4h` });
      await put('iframe', { src: `${api}/statements?since=5h` });
      await put('link', { rel: 'stylesheet', href: `${api}/statements?since=6h` });
    }, `${served.url}/api/v1`);
    expect(asked).toEqual([]);
    expect(counts.refused.cross_site - refusedBefore).toBe(6);
  });

  test('may link to the page, which then works', async () => {
    await page.goto(`http://localhost:${otherPort}/`);
    await page.evaluate((url) => {
      const link = Object.assign(document.createElement('a'), { href: `${url}/`, textContent: 'pgwitness' });
      document.body.append(link);
    }, served.url);
    const answered = page.waitForResponse((response) => response.url().startsWith(`${served.url}/api/v1/`));
    await page.click('a');
    expect((await answered).status()).toBe(200);
    await page.waitForSelector('main h1');
    expect(asked.length).toBeGreaterThan(0);
  });

  test('may not link to the API', async () => {
    await page.goto(`http://localhost:${otherPort}/`);
    await page.evaluate((url) => {
      const link = Object.assign(document.createElement('a'), { href: url, textContent: 'api' });
      document.body.append(link);
    }, `${served.url}/api/v1/statements`);
    const answered = page.waitForResponse((response) => response.url().endsWith('/api/v1/statements'));
    await page.click('a');
    expect((await answered).status()).toBe(403);
    expect(asked).toEqual([]);
  });
});
