// `npm run demo [-- --once --seconds N]`: everything from nothing.
// Installs, starts Postgres 17, pgwitness in front of it and the example shop behind it, sends the shop requests, and
// shows what pgwitness saw. Stays up until Ctrl-C, with --once it ends there.
// Invariant: however it ends, what it started is stopped and what it stored is removed.
// Not here: how each part starts (lib/).

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CACHE, ROOT, SHOP } from './lib/paths.mjs';
import { startPostgres } from './lib/postgres.mjs';
import { openProgress } from './lib/progress.mjs';
import { build } from './lib/setup/build.mjs';
import { install } from './lib/setup/install.mjs';
import { pythonEnvironment } from './lib/setup/python.mjs';
import { prepareRecordedShop, recordedTraffic } from './lib/shop/recorded-shop.mjs';
import { prepareShop, startShop } from './lib/shop/shop.mjs';
import { drive } from './lib/shop/traffic.mjs';
import { showPgwitness, startSidecar } from './lib/sidecar.mjs';
import { Interrupted, openTeardown } from './lib/teardown.mjs';
import { playWire } from './lib/wire/player.mjs';

/** Sessions settle within two seconds, and a flush follows within one more. */
const SETTLED_MS = 3500;
const WORKERS = 3;
/** Who asks for plans: it may read all tables and, so that writes can be planned too, change them. */
const PLANS_ROLE = 'witness_plans';

const progress = openProgress();
const teardown = openTeardown();

/**
 * @template T
 * @param {string} title
 * @param {(note: (text: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function step(title, work) {
  const result = await progress.step(title, work);
  if (teardown.signal.aborted) {
    // What the step started is not in the caller's hands yet.
    if (result instanceof Object && 'stop' in result && typeof result.stop === 'function')
      teardown.add(/** @type {() => Promise<void>} */ (result.stop));
    throw teardown.signal.reason;
  }
  return result;
}

/** @param {(note: (text: string) => void) => Promise<{ python: string } | { missing: string }>} find */
function withoutPython(find) {
  if (process.env.PGWITNESS_DEMO_NO_PYTHON !== '1') return find;
  return async () => ({ missing: 'PGWITNESS_DEMO_NO_PYTHON=1 is set' });
}

/**
 * Real requests to the real shop.
 * @param {{ python: string, postgres: import('./lib/postgres.mjs').Postgres, sidecar: { host: string, port: number },
 * seconds: number }} options
 */
async function shopTraffic({ python, postgres, sidecar, seconds }) {
  await step('Tables and data (about 125,000 order lines)', () => prepareShop({ python, database: postgres }));
  const database = { host: sidecar.host, port: sidecar.port, user: postgres.user, database: postgres.database };
  const shop = await step('Shop: Django under gunicorn, tagged by clients/python', () =>
    startShop({ python, database, workers: WORKERS, port: 8000, tagged: true, env: { SHOP_RELOAD: '1' } }),
  );
  teardown.add(shop.stop);
  const bar = progress.bar('Requests', seconds);
  const onProgress = (/** @type {number} */ elapsed, /** @type {number} */ sent) =>
    bar.update(elapsed, `${sent} requests`);
  const { requests, failed } = await drive({ baseUrl: shop.baseUrl, seconds, signal: teardown.signal, onProgress });
  const failures = [...failed].map(([what, times]) => `${what} (${times}×)`).join(', ');
  bar.end(`${requests} requests${failures && `, failed: ${failures}`}`);
  if (failures !== '')
    throw new Error(`the shop did not answer every request. It said:\n${shop.output() || '(nothing)'}`);
  return shop.baseUrl;
}

/** Fingerprint of the raw statement that took most time; '' where none was sent. @param {string} url of the sidecar */
async function slowestRaw(url) {
  const response = await fetch(`${url}/api/v1/statements?source=raw&limit=1`);
  const { statements } = /** @type {import('../dist/reports/forms/statements-json.js').StatementsJson} */ (
    await response.json()
  );
  return statements[0]?.fingerprint ?? '';
}

/**
 * "store/views/reports.py:41 takes 51 % of the time": of the line of code that costs most; '' where none is tagged.
 * @param {string} url of the sidecar
 */
async function dearest(url) {
  const response = await fetch(`${url}/api/v1/groups?group-by=caller&limit=2&hide=housekeeping,tool`);
  const { groups } = /** @type {import('../dist/reports/groups/groups-json.js').GroupsJson} */ (await response.json());
  const first = groups.find(({ value }) => value !== '');
  if (first === undefined) return '';
  return `${first.value} takes ${Math.round(100 * first.share)} % of the time`;
}

/**
 * The recording of such requests.
 * @param {{ postgres: import('./lib/postgres.mjs').Postgres, sidecar: { host: string, port: number } }} options
 */
async function recordedShopTraffic({ postgres, sidecar }) {
  await step('Tables and data (about 125,000 order lines)', () => prepareRecordedShop(postgres));
  const lines = recordedTraffic();
  const bar = progress.bar('Recorded traffic', lines.length);
  const { user, database } = postgres;
  const target = { host: sidecar.host, port: sidecar.port, user, database };
  const played = await playWire(lines, { ...target, signal: teardown.signal, onProgress: (line) => bar.update(line) });
  bar.end(`${played.requests} statements on ${played.connections} connections`);
  if (played.unexpected.length > 0)
    progress.say(`  answered otherwise than when recorded: ${played.unexpected.join('; ')}`);
}

/**
 * Addresses to open while the demo stays up.
 * @param {{ sidecar: { host: string, port: number, httpUrl: string }, postgres: import('./lib/postgres.mjs').Postgres,
 * plansDsn: string, baseUrl: string, slowest: string }} parts
 */
function placesOf({ sidecar, postgres, plansDsn, baseUrl, slowest }) {
  const { host, port, httpUrl } = sidecar;
  return [
    `Metrics   ${httpUrl}/metrics`,
    `Page      ${httpUrl}/`,
    ...(slowest === '' ? [] : [`Slowest   ${httpUrl}/#/statements/${slowest}`]),
    `Postgres  through pgwitness on ${host}:${port}, user ${postgres.user}, database ${postgres.database}`,
    `Plans     asked of Postgres itself, with --samples-dsn ${plansDsn}`,
    ...(baseUrl === '' ? [] : [`Shop      ${baseUrl}/products`]),
    `Live      npx pgwitness tail --url ${httpUrl}`,
  ];
}

/** @param {{ once: boolean, seconds: number }} options */
async function demo({ once, seconds }) {
  await step('Packages', install);
  await step('Build', build);
  const found = await step('Python environment', withoutPython(pythonEnvironment));
  const postgres = await step('Postgres 17', () => startPostgres({ database: 'shop' }));
  teardown.add(postgres.stop);

  await postgres.query(`CREATE ROLE ${PLANS_ROLE} LOGIN; GRANT pg_read_all_data, pg_write_all_data TO ${PLANS_ROLE}`);

  const parent = path.join(CACHE, 'demo');
  mkdirSync(parent, { recursive: true });
  const data = mkdtempSync(path.join(parent, 'data-'));
  teardown.add(() => rmSync(data, { recursive: true, force: true }));
  const plansDsn = `postgres://${PLANS_ROLE}@${postgres.host}:${postgres.port}/${postgres.database}`;
  const args = ['--samples-dsn', plansDsn];
  const sidecar = await step('pgwitness', () =>
    startSidecar({ preferDefaultPorts: true, upstream: postgres, data, args }),
  );
  teardown.add(sidecar.stop);

  let baseUrl = '';
  if ('python' in found) {
    baseUrl = await shopTraffic({ python: found.python, postgres, sidecar, seconds });
  } else {
    progress.say(`  No Python for the shop: ${found.missing}`);
    progress.say('  Playing what the real shop sent when it was recorded, through the wire, instead.');
    await recordedShopTraffic({ postgres, sidecar });
  }
  if (teardown.signal.aborted) throw teardown.signal.reason;
  await sleep(SETTLED_MS, undefined, { signal: teardown.signal }).catch(() => {
    throw teardown.signal.reason;
  });
  if (!sidecar.running()) throw new Error(`pgwitness ended during the traffic. It said:\n${sidecar.output()}`);

  const shown = path.relative(ROOT, data);
  const slowest = await slowestRaw(sidecar.httpUrl);
  const tagged = baseUrl === '' ? [] : [['top', '--group-by', 'route', '--limit', '8']];
  const commands = [
    ['top', '--source', 'raw'],
    ...tagged,
    ...(slowest === '' ? [] : [['show', slowest.slice(0, 8)]]),
    ['pools'],
    ['findings'],
    // Without Python there is nothing that reads the code.
    ...(baseUrl === '' ? [] : [['audit', path.relative(process.cwd(), SHOP), '--brief']]),
  ];
  for (const command of commands) {
    process.stdout.write(`\n$ npx pgwitness ${command.join(' ')} --data ${shown}\n\n`);
    if ((await showPgwitness([...command, '--data', data])) !== 0) throw new Error(`pgwitness ${command[0]} failed`);
  }
  if (!once) process.stdout.write(`\n${placesOf({ sidecar, postgres, plansDsn, baseUrl, slowest }).join('\n')}\n`);
  const line = await dearest(sidecar.httpUrl);
  if (line !== '') process.stdout.write(`\n${line}.\n`);
  const end = once ? 'All of it stops now (without --once the page and the shop stay up)' : 'Ctrl-C ends it';
  process.stdout.write(`\n${end}; what was stored is deleted.\n`);
  if (once) return;
  const { signal } = teardown;
  // A trickle of requests, so that what people look at moves.
  const trickle =
    baseUrl === '' ? undefined : drive({ baseUrl, seconds: Infinity, concurrency: 1, pauseMs: 300, seed: 2, signal });
  await teardown.interrupted();
  await trickle;
}

const USAGE = `Usage: npm run demo [-- --once --seconds N]

A real Postgres, pgwitness in front of it, and a real Django shop that gets N seconds of requests (default 20).
  --once       end after showing what was seen, instead of staying up
  --seconds N  seconds of requests

It takes ports 6433 to 6435 and 8000 where they are free, and others where not; it says which at the end.
`;

function options() {
  try {
    const { values } = parseArgs({
      options: { once: { type: 'boolean' }, seconds: { type: 'string', default: '20' }, help: { type: 'boolean' } },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    const seconds = Number(values.seconds);
    if (!(seconds > 0)) throw new Error(`--seconds ${values.seconds}: a number above 0 is needed`);
    return { once: values.once === true, seconds };
  } catch (error) {
    progress.say(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exit(2);
  }
}

const wanted = options();
let exitCode = 0;
try {
  await demo(wanted);
} catch (error) {
  // A command that a signal ended fails too; the signal is the reason.
  const cause = teardown.signal.aborted ? teardown.signal.reason : error;
  exitCode = cause instanceof Interrupted ? cause.exitCode : 1;
  progress.say(`\n${cause instanceof Error ? cause.message : cause}`);
}
if (exitCode === 0) progress.say('\nStopping.');
await teardown.close();
process.exit(exitCode);
