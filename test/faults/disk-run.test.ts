// 79: calls to the disk fail under a whole `run`: all is answered, and accounted for.
// Invariant: every statement is answered; sent = observed + not observed, or the window says that it is not exact.
// Not here: every call in turn, without processes (disk-calls.test.ts).

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../scripts/lib/setup/build.mjs';
import { startSidecar } from '../../scripts/lib/sidecar.mjs';
import { compileFaults, faultsEnv, NO_FAULTS } from '../kit/io-faults/io-faults.js';
import { usePostgres } from '../kit/postgres.js';
import { top, until } from '../kit/sidecar.js';

if (NO_FAULTS !== '' && process.env.CI) throw new Error(`CI makes calls to the disk fail: ${NO_FAULTS}`);

const postgres = usePostgres();
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
/** CI does as many runs as fit into this time; all are done when each call is to be tried. */
const SECONDS = process.env.PGWITNESS_TEST_EVERY_CALL === '1' ? 3_600 : 35;
const RUNS_MIN = 2;
const RUNS = 36;
const HOWS = ['00', '10', '02', '12'];
const BURST = 25;

let library = '';
beforeAll(async () => {
  if (NO_FAULTS !== '') return;
  await build(() => {});
  library = compileFaults();
}, 120_000);

const undo: Array<() => unknown> = [];
afterEach(async () => {
  for (const act of undo.splice(0).reverse()) await act();
});

async function started(data: string, faults: NodeJS.ProcessEnv, unobserved: boolean, relays = 1) {
  const args = ['--flush-interval', '100ms', '--relays', String(relays)];
  const sidecar = await startSidecar({
    upstream: postgres(),
    data,
    args,
    env: { ...process.env, ...faults },
    unobserved,
  });
  undo.push(() => sidecar.stop());
  return sidecar;
}

/** Each statement is answered before the next is sent. Returns how many there were. */
async function burst({ host, port }: { host: string; port: number }, pauseMs = 0): Promise<number> {
  const client = new pg.Client({ host, port, user: 'postgres', database: 'postgres' });
  await client.connect();
  for (let n = 0; n < BURST; n++) {
    const { rows } = await client.query(`select ${n} as n`);
    expect(rows).toEqual([{ n }]);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  await client.end();
  return BURST;
}

interface Faults {
  at: number;
  how: string;
}

/** A run in which calls fail, then one in which none does. */
async function accountFor({ at, how }: Faults): Promise<string> {
  const directory = mkdtempSync(path.join(PLACE, 'pgwitness-run-'));
  undo.push(() => rmSync(directory, { recursive: true, force: true }));
  const data = path.join(directory, 'data');
  const log = path.join(directory, 'calls.log');
  const failing = await started(data, faultsEnv(library, { directory: data, log, at, how }), true);
  let sent = await burst(failing, 40);
  await failing.stop();
  const sound = await started(data, {}, false);
  sent += await burst(sound);
  await sound.stop();
  const { statements, not_observed, exact } = (await top(data)).observed;
  const sum = statements + not_observed;
  const isTrue = exact ? sum === sent : sum <= sent;
  return isTrue ? '' : `call ${at}, ${how}: ${statements} + ${not_observed} of ${sent}, exact: ${exact}`;
}

describe.skipIf(NO_FAULTS !== '')('79: under a whole run', () => {
  test(
    'one call fails, or each so many',
    async () => {
      const endMs = performance.now() + SECONDS * 1_000;
      const wrong: string[] = [];
      let runs = 0;
      const worker = async () => {
        while (runs < RUNS && (runs < RUNS_MIN || performance.now() < endMs)) {
          const n = runs++;
          const how = HOWS[n % HOWS.length];
          // A call of the start, or of flushes; where every so many fails, some hundreds do in all.
          const at = how.endsWith('0') ? 1 + ((n * 97) % 700) : 30 + ((n * 37) % 90);
          wrong.push(await accountFor({ at, how }));
        }
      };
      await Promise.all([worker(), worker()]);
      expect(wrong.filter((each) => each !== '')).toEqual([]);
      expect(runs).toBeGreaterThanOrEqual(RUNS_MIN);
    },
    (SECONDS + 145) * 1_000,
  );

  test('locks cannot be given back: the observer starts again whenever one is in the way, and nothing is lost unsaid', async () => {
    const directory = mkdtempSync(path.join(PLACE, 'pgwitness-run-'));
    undo.push(() => rmSync(directory, { recursive: true, force: true }));
    const data = path.join(directory, 'data');
    const log = path.join(directory, 'calls.log');
    const sidecar = await started(data, faultsEnv(library, { directory: data, log, at: 400, how: '21' }), true);
    let sent = 0;
    await until(
      'the observer has ended for it',
      async () => {
        sent += await burst(sidecar, 10);
        return sidecar.output().includes('a lock of the database cannot be given back');
      },
      120_000,
    );
    await sidecar.stop();
    const sound = await started(data, {}, false);
    sent += await burst(sound);
    await sound.stop();
    const { statements, not_observed, exact } = (await top(data)).observed;
    expect(statements).toBeGreaterThan(BURST);
    if (exact) expect(statements + not_observed).toBe(sent);
    else expect(statements + not_observed).toBeLessThanOrEqual(sent);
  }, 180_000);

  const title = 'from one call on the disk takes nothing: /readyz says it and stays 200, and nothing is lost unsaid';
  test.each([1, 2])(
    `${title} (relays: %i)`,
    async (relays) => {
      const directory = mkdtempSync(path.join(PLACE, 'pgwitness-run-'));
      undo.push(() => rmSync(directory, { recursive: true, force: true }));
      const data = path.join(directory, 'data');
      const log = path.join(directory, 'calls.log');
      const sidecar = await started(
        data,
        faultsEnv(library, { directory: data, log, at: 400, how: '11' }),
        true,
        relays,
      );
      let sent = 0;
      let word = '';
      await until('/readyz says so', async () => {
        sent += await burst(sidecar, 10);
        const response = await fetch(`${sidecar.healthUrl}/readyz`);
        expect(response.status).toBe(200);
        word = await response.text();
        return word.includes('cannot be stored');
      });
      expect(word).toMatch(/^ok, but what is counted cannot be stored/);
      await sidecar.stop();
      const sound = await started(data, {}, false);
      sent += await burst(sound);
      await sound.stop();
      const { statements, not_observed, exact } = (await top(data)).observed;
      expect(exact).toBe(false);
      expect(statements + not_observed).toBeLessThanOrEqual(sent);
    },
    120_000,
  );
});
