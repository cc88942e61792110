// Shards and shippers that are killed, an hour without a store under load, a whole sidecar.
// Invariant: waits are for conditions; the hour is an hour of minutes in the store, not of the clock.
// Not here: every order of failures (shipping.test.ts).

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ShippingStatus } from '../../facts/fleet/shipping-status.js';
import { CLUSTER, type Clickhouse, startClickhouse, WRITER } from '../../scripts/lib/clickhouse.mjs';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { connect } from '../../scripts/lib/wire/client.mjs';
import { parseStoreAddress } from '../../storage/clickhouse/connection/address.js';
import { FleetClient } from '../../storage/clickhouse/connection/client.js';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { describeWithClickhouse } from '../kit/clickhouse.js';
import { usePostgres } from '../kit/postgres.js';
import { useSidecar } from '../kit/sidecar.js';
import { flushOf, MINUTE_MS, rollupOf, temporaryDirectory } from '../storage/flushes.js';
import { expectTruth } from './truth.js';

const START = Math.floor(Date.now() / 86_400_000 - 1) * 1440;
const env = { PGWITNESS_STORE_USER: WRITER.user, PGWITNESS_STORE_PASSWORD: WRITER.password };

/** One minute of a busy sidecar: so many series. */
function busyMinute(minute: number, series: number) {
  const rollups = Array.from({ length: series }, (_, n) =>
    rollupOf({ minute, fingerprint: n.toString(16).padStart(16, '0'), callsNs: [1000 * (n + 1), 5000], rows: n }),
  );
  return flushOf({ atMs: minute * MINUTE_MS, rollups });
}

class Shipping {
  readonly child: ChildProcess;
  status: ShippingStatus | undefined;
  readonly exited: Promise<unknown>;

  constructor(options: { dataDir: string; ship: string; cluster: string }) {
    this.child = spawn(process.execPath, [path.join(ROOT, 'test/fleet/ship-process.mjs'), JSON.stringify(options)], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.exited = new Promise((resolve) => this.child.once('exit', resolve));
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.status = JSON.parse(line);
    });
  }

  async until(condition: (status: ShippingStatus) => boolean): Promise<ShippingStatus> {
    while (this.status === undefined || !condition(this.status)) {
      if (this.child.exitCode !== null) throw new Error('the shipper ended');
      await sleep(50);
    }
    return this.status;
  }

  get residentMiB(): number {
    const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))!;
    return Number(kib) / 1024;
  }

  kill(): Promise<unknown> {
    this.child.kill('SIGKILL');
    return this.exited;
  }
}

await describeWithClickhouse('a fleet that fails', (library) => {
  let clickhouse: Clickhouse;
  beforeAll(async () => {
    await build(() => {});
    clickhouse = await startClickhouse({ library, shards: 2 });
  });
  afterAll(() => clickhouse?.stop());

  const shipTo = (database: string) => {
    const hosts = clickhouse.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
    return `clickhouse://${hosts}/${database}?replicas=no`;
  };
  const clientOf = (database: string) =>
    new FleetClient(
      parseStoreAddress(`clickhouse://127.0.0.1:${clickhouse.nodes[0].port}/${database}`, { where: '', env }),
    );

  function started(dataDir: string, database: string): Shipping {
    const shipping = new Shipping({ dataDir, ship: shipTo(database), cluster: CLUSTER });
    onTestFinished(async () => void (await shipping.kill()));
    return shipping;
  }

  test('a shard and a shipper killed again and again lose and double nothing', async () => {
    const dataDir = temporaryDirectory();
    const store = openSqliteStore({ dataDir });
    let minute = START;
    const work = (minutes: number) => {
      for (let n = 0; n < minutes; n++) {
        store.flush(busyMinute(minute, 500));
        minute += 11;
        store.maintain((minute - 5) * MINUTE_MS);
      }
    };
    work(8);
    for (let round = 0; round < 4; round++) {
      const shipping = started(dataDir, 'killed');
      // Somewhere within the first slices, or when nothing waits.
      await shipping.until(
        ({ rows, sentMs, waitingSinceMs }) => rows.minutes > 0 || (sentMs > 0 && waitingSinceMs === undefined),
      );
      const alsoShard = round % 2 === 0;
      if (alsoShard) {
        clickhouse.nodes[1].kill();
        work(2);
        await shipping.until(({ failures }) => Object.keys(failures).length > 0);
      }
      await shipping.kill();
      if (alsoShard) await clickhouse.nodes[1].start();
    }
    store.endMinutes();
    const last = started(dataDir, 'killed');
    await last.until(({ waitingSinceMs, sentMs }) => sentMs > 0 && waitingSinceMs === undefined);
    last.child.kill('SIGTERM');
    await last.exited;
    const client = clientOf('killed');
    expect(await expectTruth(dataDir, client)).toBeGreaterThan(12 * 500);
    await client.close();
    store.close();
  }, 300_000);

  test('an hour without a store under load: nothing is lost, memory stays, and it catches up', async () => {
    const dataDir = temporaryDirectory();
    const store = openSqliteStore({ dataDir });
    store.flush(busyMinute(START, 200));
    store.maintain((START + 2) * MINUTE_MS);
    const shipping = started(dataDir, 'outage');
    await shipping.until(({ waitingSinceMs, sentMs }) => sentMs > 0 && waitingSinceMs === undefined);
    for (const node of clickhouse.nodes) node.kill();
    for (let n = 1; n <= 60; n++) {
      store.flush(busyMinute(START + n, 200));
      store.maintain((START + n + 2) * MINUTE_MS);
    }
    const away = await shipping.until(({ failures }) => Object.keys(failures).length > 0);
    expect(away).toMatchObject({
      error: expect.stringContaining('Check that ClickHouse runs'),
      waitingSinceMs: expect.any(Number),
    });
    const before = shipping.residentMiB;
    await Promise.all(clickhouse.nodes.map((node) => node.start()));
    await shipping.until(
      ({ waitingSinceMs, failingSinceMs }) => waitingSinceMs === undefined && failingSinceMs === undefined,
    );
    expect(shipping.residentMiB - before).toBeLessThan(96);
    store.endMinutes();
    await shipping.until(({ rows }) => rows.minutes >= 60 * 200);
    shipping.child.kill('SIGTERM');
    await shipping.exited;
    const client = clientOf('outage');
    await expectTruth(dataDir, client);
    const perMinute =
      'SELECT bucket_min, sum(calls_strong) AS calls FROM rollup FINAL WHERE span_s = 60 GROUP BY 1 ORDER BY 1';
    const minutes = await client.rows<{ bucket_min: number; calls: number }>(perMinute);
    expect(minutes).toEqual(Array.from({ length: 61 }, (_, n) => ({ bucket_min: START + n, calls: 400 })));
    await client.close();
    store.close();
  }, 300_000);

  describe('a sidecar', () => {
    const postgres = usePostgres();
    const sidecar = useSidecar();

    test('ships what it observed when it is told to end, and shows no password', async () => {
      const ship = `clickhouse://127.0.0.1:${clickhouse.nodes[0].port}/whole`;
      const args = ['--ship', ship, '--service', 'shop', '--environment', 'test', '--instance', 'pod-1'];
      const running = await sidecar(postgres(), args, undefined, { ...process.env, ...env });
      const { host, port } = running;
      const application = await connect({
        host,
        port,
        startup: [
          ['user', 'postgres'],
          ['database', 'postgres'],
        ],
      });
      await application.query('SELECT 40 + 2');
      application.close();
      const said = `${readFileSync(`/proc/${running.pid}/cmdline`)} ${running.output()}`;
      expect(said).not.toContain(WRITER.password);
      const metric = /^pgwitness_ship_last_success_timestamp_seconds [1-9]/m;
      while (!metric.test(await (await fetch(`${running.httpUrl}/metrics`)).text())) await sleep(200);
      await running.stop();
      const client = clientOf('whole');
      const query = `SELECT service, instance, s.query AS text, calls_strong + calls_none + calls_weak + calls_certain AS calls
        FROM rollup r FINAL JOIN statement s FINAL ON s.fingerprint = r.fingerprint WHERE span_s = 60`;
      const shown = await client.rows<Record<string, unknown>>(query);
      expect(shown).toEqual([
        { service: 'shop', instance: 'pod-1', text: expect.stringMatching(/^SELECT .+ \+ .+$/), calls: 1 },
      ]);
      await expectTruth(running.data, client);
      await client.close();
    });
  });
});
