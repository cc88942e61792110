// A real Chromium for tests of the page.
// It keeps what the browser says of a page: errors, refused resources, requests.
// Invariant: a page under test reaches nothing but the server under test.
// Not here: what the page shows.

import type { Browser, Page } from 'playwright-core';
import { chromiumPath as found, NO_CHROMIUM } from '../../scripts/lib/chromium.mjs';

/** Where Chromium is; '' when it is not installed. In CI it must be. */
export function chromiumPath(): string {
  const place = found();
  if (place === '' && process.env.CI) throw new Error(NO_CHROMIUM);
  if (place === '') process.stderr.write(`tests of the page are skipped: ${NO_CHROMIUM}\n`);
  return place;
}

export interface Watched {
  readonly page: Page;
  /** Errors of scripts and of the console, refusals by the content security policy among them. */
  readonly complaints: string[];
  /** Addresses asked for. */
  readonly requests: string[];
}

export async function openPage(
  browser: Browser,
  options: { colorScheme?: 'light' | 'dark'; width?: number; height?: number } = {},
): Promise<Watched> {
  const { width = 1280, height = 800, colorScheme = 'light' } = options;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on('request', (request) => requests.push(request.url()));
  return { page, complaints, requests };
}
