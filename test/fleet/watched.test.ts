// Time of a fleet that counts as watched: of each service, and of each of its instances.
// Invariant: both kinds of store say the same of one instance; nobody's hole is hidden by another service.
// Not here: losses and gaps (parity.test.ts), one directory alone (test/check).

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unwatchedDoubts } from '../../reports/check/doubts.js';
import { unwatchedIn } from '../../reports/watched/unwatched.js';
import { reportWatched } from '../../reports/watched/watched.js';
import { watchedFromJson, watchedJson } from '../../reports/watched/watched-json.js';
import { type Clickhouse, startClickhouse, WRITER } from '../../scripts/lib/clickhouse.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { parseStoreAddress } from '../../storage/clickhouse/connection/address.js';
import { prepareStore } from '../../storage/clickhouse/connection/prepare.js';
import type { InstanceRuns } from '../../storage/reading/other-rows.js';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { pgwitness } from '../cli/command.js';
import { describeWithClickhouse } from '../kit/clickhouse.js';
import { flushOf, MINUTE_MS, rollupOf, temporaryDirectory } from '../storage/flushes.js';
import { built } from './built.js';
import { shipDirectory } from './two-services.js';

type Runs = ReadonlyArray<readonly [from: number, until: number]>;

/** Five hours ago, at an hour. */
const START = Math.floor(Date.now() / 3_600_000 - 5) * 60;
const at = (minute: number): number => (START + minute) * MINUTE_MS;
const iso = (minute: number): string => new Date(at(minute)).toISOString();

/** Minutes are after START; the second is the last one in which it ran. */
function ran(name: string, runs: Runs, service = 'shop'): InstanceRuns {
  return {
    service,
    environment: 'test',
    instance: name,
    firstMinute: START + runs[0][0],
    lastMinute: START + runs.at(-1)![1],
    runs: runs.map(([from, until]) => ({ fromMinute: START + from, untilMinute: START + until })),
  };
}

/** "who from-until", in minutes after START. */
function told(instances: readonly InstanceRuns[], from = 0, until = 60): string[] {
  return unwatchedIn(instances, START + from, START + until).map(
    ({ sinceMs, untilMs, by }) =>
      `${by?.instance ?? by?.service ?? ''} ${sinceMs / MINUTE_MS - START}-${untilMs / MINUTE_MS - START}`,
  );
}

describe('the rule', () => {
  test('one instance has to run in the whole window', () => {
    expect(told([ran('a', [[0, 59]])])).toEqual([]);
    expect(
      told([
        ran('a', [
          [10, 19],
          [30, 49],
        ]),
      ]),
    ).toEqual(['a 0-10', 'a 20-30', 'a 50-60']);
    expect(told([])).toEqual([' 0-60']);
    expect(told([ran('a', [[-90, -1]])])).toEqual(['a 0-60']);
  });

  test('instances that follow each other watch their service together', () => {
    expect(told([ran('a', [[0, 29]]), ran('b', [[30, 59]])])).toEqual([]);
    expect(told([ran('a', [[0, 24]]), ran('b', [[30, 59]])])).toEqual(['shop 25-30']);
  });

  test('an instance that stopped and came back is told, though others ran; once where none did', () => {
    const [broken, whole] = [
      ran('a', [
        [0, 19],
        [40, 59],
      ]),
      ran('b', [[0, 59]]),
    ];
    expect(told([broken, whole])).toEqual(['a 20-40']);
    expect(
      told([
        broken,
        ran('b', [
          [0, 19],
          [40, 59],
        ]),
      ]),
    ).toEqual(['shop 20-40']);
    expect(
      told([
        broken,
        ran('b', [
          [0, 29],
          [40, 59],
        ]),
      ]),
    ).toEqual(['shop 30-40', 'a 20-40']);
    // It was away for all of the window.
    expect(
      told([
        {
          ...ran('a', [
            [-10, -5],
            [70, 80],
          ]),
          runs: [],
        },
        whole,
      ]),
    ).toEqual(['a 0-60']);
  });

  test('a service does not watch for another', () => {
    expect(told([ran('a', [[0, 59]]), ran('x', [[0, 29]], 'billing')])).toEqual(['x 30-60']);
    expect(told([ran('a', [[0, 59]]), ran('x', [[-9, -1]], 'billing')])).toEqual(['x 0-60']);
  });
});

await describeWithClickhouse('a fleet that was watched in part', (library) => {
  let clickhouse: Clickhouse;
  const env = { PGWITNESS_STORE_USER: WRITER.user, PGWITNESS_STORE_PASSWORD: WRITER.password };
  let store: string;
  beforeAll(async () => {
    await build(() => {});
    clickhouse = await startClickhouse({ library });
    store = `clickhouse://127.0.0.1:${clickhouse.nodes[0].port}/watched`;
  });
  afterAll(() => clickhouse?.stop());

  test('check names who did not run, and both stores say the same of one', async () => {
    const address = parseStoreAddress(store, { where: '--ship', env });
    await prepareStore(address, { retention: {} });
    const directories = new Map<string, string>();
    for (const [service, instance, runs] of [
      ['shop', 'shop-1', [[0, 59]]],
      [
        'shop',
        'shop-2',
        [
          [0, 19],
          [40, 59],
        ],
      ],
      ['billing', 'billing-1', [[0, 49]]],
    ] as ReadonlyArray<[string, string, Runs]>) {
      const dataDir = temporaryDirectory();
      directories.set(instance, dataDir);
      const identity = { service, environment: 'test', instance };
      const sqlite = openSqliteStore({ dataDir });
      for (const minute of [0, 59]) {
        sqlite.flush(
          flushOf({
            atMs: at(minute),
            rollups: [rollupOf({ minute: START + minute, fingerprint: 'f'.repeat(16), source: 'django-orm' })],
            watched: runs.map(([from, until]) => ({ fromMinute: START + from, untilMinute: START + until })),
            settings: [['identity', JSON.stringify(identity)]],
          }),
        );
      }
      sqlite.endMinutes();
      sqlite.close();
      await shipDirectory(dataDir, { identity, address, nowMs: Date.now() });
    }
    const { openClickhouseReader } = await built<typeof import('../../storage/clickhouse/read/reader.js')>(
      'storage/clickhouse/read/reader.js',
    );
    const fleet = openClickhouseReader(address);
    const bounds = { sinceMs: at(0), untilMs: at(60) };
    const whole = reportWatched(fleet, bounds);
    const said = unwatchedDoubts({ watched: watchedFromJson(watchedJson(whole)), isRun: false, untilMs: at(60) });
    expect(said.map(({ what }) => what.replaceAll(/\d{4}-\d\d-\d\d (\d\d:\d\d) UTC/g, '$1'))).toEqual([
      expect.stringMatching(/^nothing says that pgwitness ran for shop in test as shop-2 from \d\d:20 to \d\d:40$/),
      expect.stringMatching(
        /^nothing says that pgwitness ran for billing in test as billing-1 from \d\d:50 to \d\d:00$/,
      ),
    ]);
    for (const [instance, dataDir] of directories) {
      const mine = openReader(dataDir);
      const one = reportWatched(fleet.within({ instance }), bounds);
      expect(one.unwatched, instance).toEqual(reportWatched(mine, bounds).unwatched);
      mine.close();
    }
    fleet.close();

    const check = async (...place: string[]) => {
      const window = ['--since', iso(0), '--until', iso(60)];
      return pgwitness(['check', '--none', 'source=raw', ...window, ...place], { env });
    };
    const inFleet = await check('--store', store);
    expect(inFleet.code).toBe(1);
    expect(inFleet.stdout).toContain('ran for shop in test as shop-2 from');
    expect(inFleet.stdout).toContain('ran for billing in test as billing-1 from');
    const merged = await check(...[...directories.values()].flatMap((dataDir) => ['--data', dataDir]));
    expect(merged.stdout).toContain('ran for shop in test as shop-2 from');
    const alone = await check('--store', store, '--instance', 'shop-1');
    expect(alone.stdout).not.toContain('nothing says that pgwitness ran');
  });
});
