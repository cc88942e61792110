// Sets the process of a bench up as the observer's: its heap, and V8's ways with objects and code.
// Not here: what these do (proxy/link/observer-process.ts, config/process/).

import { existsSync } from 'node:fs';
import path from 'node:path';

/** For the command line. */
export const OBSERVER_HEAP = ['--max-semi-space-size=4'];

/** Call it before what is measured runs. @param {string} dist the build; an earlier one may have less */
export async function actAsObserver(dist) {
  const steps = { 'young-objects': 'makeObjectsYoung', inlining: 'inlineMore' };
  for (const [file, step] of Object.entries(steps)) {
    const module = path.resolve(dist, 'config/process', `${file}.js`);
    if (existsSync(module)) (await import(module))[step]();
  }
}
