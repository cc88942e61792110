// Finds and starts the system's Chromium.
// Invariant: CHROMIUM_PATH names another, and comes first. Not here: what is looked at in it.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** What a person does about it. */
export const NO_CHROMIUM = 'Chromium is not installed: apt-get install chromium, or set CHROMIUM_PATH';

/** '' when it is not installed. */
export function chromiumPath() {
  const places = [process.env.CHROMIUM_PATH ?? '', ...PLACES];
  return places.find((place) => place !== '' && existsSync(place)) ?? '';
}

/** Throws with what to do when it is not installed. */
export function launchChromium() {
  const executablePath = chromiumPath();
  if (executablePath === '') throw new Error(NO_CHROMIUM);
  return chromium.launch({
    executablePath,
    // It does not work for root, as whom containers often run.
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-dev-shm-usage'],
  });
}
