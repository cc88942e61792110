// A real Chromium for tests of the page.
// It keeps what the browser says of a page: errors, refused resources, requests.
// Invariant: a page under test reaches nothing but the server under test.
// Not here: what the page shows.

import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where Chromium is; '' when it is not installed. In CI it must be. */
export function chromiumPath(): string {
  const found = [process.env.CHROMIUM_PATH ?? '', ...PLACES].find((place) => place !== '' && existsSync(place)) ?? '';
  if (found === '' && process.env.CI) {
    throw new Error('CI needs Chromium: apt-get install chromium, or set CHROMIUM_PATH');
  }
  if (found === '') process.stderr.write('tests of the page are skipped: Chromium is not installed\n');
  return found;
}

export function launchBrowser(executablePath: string): Promise<Browser> {
  // Chromium's sandbox does not work for root, as whom containers often run.
  const chromiumSandbox = process.getuid?.() !== 0;
  return chromium.launch({ executablePath, chromiumSandbox, args: ['--disable-dev-shm-usage'] });
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
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('request', (request) => requests.push(request.url()));
  return { page, complaints, requests };
}
