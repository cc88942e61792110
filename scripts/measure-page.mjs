#!/usr/bin/env node
// Measures the page over 20,000 statements and 500 routes.
// It prints when something is painted first and when the view's numbers are there, both from the start of the load;
// the processor time of the tab until then, which other work on the machine does not change, and what it had read.
// Invariant: HTTP and reports are answered by the observer's own threads; each load is in a tab of its own, and the
// median of all is printed with the longest.
//
// usage: measure-page.mjs [--statements 20000] [--routes 500] [--loads 5]

import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { launchChromium } from './lib/chromium.mjs';
import { writeShop } from './lib/made-up-shop.mjs';
import { build } from './lib/setup/build.mjs';
import { install } from './lib/setup/install.mjs';

const { values } = parseArgs({
  options: {
    statements: { type: 'string', default: '20000' },
    routes: { type: 'string', default: '500' },
    loads: { type: 'string', default: '5' },
  },
});
await install(() => {});
await build(() => {});

/** Views by name, each with what is there when its numbers are. @type {ReadonlyArray<[string, string]>} */
const VIEWS = [
  ['overview', '.plot canvas'],
  ['statements', '.virtual a'],
  ['routes', '.virtual a'],
  ['findings', '.numbers a'],
  ['pools', '.pool'],
];

const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-measure-page-'));
await writeShop(directory, { statements: Number(values.statements), routes: Number(values.routes) });
const server = await serve(directory);
const url = `http://127.0.0.1:${server.address.port}`;
const browser = await launchChromium();
const load = loadavg()[0].toFixed(1);
process.stdout.write(
  `${values.statements} statements, ${values.routes} routes; ${cpus().length} processors, load ${load}\n`,
);
process.stdout.write('view          first paint (longest)   numbers (longest)     processor      read\n');
for (const [view, ready] of VIEWS) {
  /** @type {Array<Awaited<ReturnType<typeof loadOnce>>>} */
  const loads = [];
  for (let n = 0; n < Number(values.loads); n++) loads.push(await loadOnce(`${url}/#/${view}`, ready));
  const [paints, numbers] = [loads.map(({ paint }) => paint), loads.map(({ there }) => there)];
  const work = `${middle(loads.map(({ processorMs }) => processorMs)).toFixed(0)} ms`.padStart(9);
  const read = `${(middle(loads.map(({ bytes }) => bytes)) / 1_024).toFixed(0)} KiB`.padStart(9);
  process.stdout.write(`${view.padEnd(12)} ${told(paints)} ${told(numbers)} ${work} ${read}\n`);
}
await browser.close();
await server.close();
rmSync(directory, { recursive: true, force: true });

/** Times in ms since the load began. @param {string} address @param {string} ready */
async function loadOnce(address, ready) {
  const page = await browser.newPage();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  // Noted in the page: what the driver asks comes later.
  await page.addInitScript(`
    new MutationObserver((changes, observer) => {
      if (document.querySelector(${JSON.stringify(ready)}) === null) return;
      globalThis.thereMs = performance.now();
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
  `);
  await page.goto(address);
  const there = await page.waitForFunction(() => Reflect.get(globalThis, 'thereMs'));
  const paint = await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  const { metrics } = await session.send('Performance.getMetrics');
  const processorMs = 1_000 * (metrics.find(({ name }) => name === 'ProcessTime')?.value ?? 0);
  const bytes = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .reduce((sum, entry) => sum + Number(Reflect.get(entry, 'transferSize')), 0),
  );
  const all = { paint: Number(await paint.jsonValue()), there: Number(await there.jsonValue()), processorMs, bytes };
  await page.close();
  return all;
}

/** @param {readonly number[]} measured @returns {number} the median */
function middle(measured) {
  return [...measured].sort((a, b) => a - b)[Math.floor(measured.length / 2)];
}

/** @param {readonly number[]} measured @returns {string} median and longest */
function told(measured) {
  const sorted = [...measured].sort((a, b) => a - b);
  const ms = (/** @type {number} */ value) => Math.round(value).toString();
  return `${ms(sorted[Math.floor(sorted.length / 2)]).padStart(8)} ms ${`(${ms(sorted[sorted.length - 1])})`.padEnd(10)}`;
}

/** HTTP and reports in their threads, as in the observer. @param {string} dataDir */
async function serve(dataDir) {
  const { startHttpThread } = await import('../dist/dashboards/threads/http-thread.js');
  const { createLog } = await import('../dist/config/log.js');
  return startHttpThread({
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    hosts: [],
    token: '',
    dataDir,
    files: { ledger: '', code: '' },
    logLevel: 'silent',
    metrics: { render: async () => '' },
    onCounted: () => {},
    onDamage: () => {},
    live: () => ({ atMs: Date.now(), sessions: [], more: 0, texts: new Map() }),
    log: createLog({ level: 'silent' }),
  });
}
