// The stack of docker-compose.yml without containers.
// It runs Postgres, pgwitness, Prometheus and Alertmanager, and the shop's recorded traffic.
// Invariant: the files that configure them are those the containers get.
// Not here: Grafana, which Debian has no package of.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startAlertmanager, startPrometheus } from './monitoring.mjs';
import { startPostgres } from './postgres.mjs';
import { prepareRecordedShop, recordedTraffic } from './shop/recorded-shop.mjs';
import { startSidecar } from './sidecar.mjs';
import { playWire } from './wire/player.mjs';

/**
 * @typedef {object} Stack
 * @property {import('./postgres.mjs').Postgres} postgres
 * @property {Awaited<ReturnType<typeof startSidecar>>} sidecar
 * @property {Awaited<ReturnType<typeof startPrometheus>>} prometheus
 * @property {Awaited<ReturnType<typeof startAlertmanager>>} alertmanager
 * @property {string} data pgwitness's data directory
 * @property {string} ledger file of the migration's ledger, which is not there before somebody writes it
 * @property {(signal?: AbortSignal) => ReturnType<typeof playWire>} play sends what the shop sent when it was recorded
 * @property {() => Promise<void>} stop
 */

/** @returns {Promise<Stack>} */
export async function startStack() {
  /** @type {(() => unknown)[]} */
  const closers = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const postgres = await startPostgres({ database: 'shop' });
    closers.push(postgres.stop);
    await prepareRecordedShop(postgres);
    const data = mkdtempSync(path.join(tmpdir(), 'pgwitness-stack-'));
    closers.push(() => rmSync(data, { recursive: true, force: true }));
    const ledger = path.join(data, 'migration.yaml');
    const sidecar = await startSidecar({ upstream: postgres, data, args: ['--ledger', ledger] });
    closers.push(sidecar.stop);
    const alertmanager = await startAlertmanager();
    closers.push(alertmanager.stop);
    const targets = [new URL(sidecar.httpUrl).host];
    const prometheus = await startPrometheus({ targets, alertmanager: alertmanager.address });
    closers.push(prometheus.stop);
    const lines = recordedTraffic();
    const target = { host: sidecar.host, port: sidecar.port, user: postgres.user, database: postgres.database };
    const play = (/** @type {AbortSignal | undefined} */ signal) => playWire(lines, { ...target, signal });
    return { postgres, sidecar, prometheus, alertmanager, data, ledger, play, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
