// Serves a store with the page, as an observer does, and opens a browser.
// For screenshots and measurements. Needs dist/.
// Invariant: the server is the observer's own. Not here: what is in the store (made-up-shop.mjs), what runs now
// (made-up-live.mjs).

import { madeUpLive } from './made-up-live.mjs';

/**
 * @param {string} dataDir @param {{ ledger: string, code: string }} [files]
 * @param {import('../../dist/dashboards/http/live-reader.js').LiveReader | null} [live] what runs now; null = nobody
 *   observes
 */
export async function serveStore(dataDir, files, live = madeUpLive()) {
  const [{ openReader }, { Api }, { startHttp }, { MetricsExporter }, { MetricsState }, { createLog }] =
    await Promise.all([
      import('../../dist/storage/sqlite/read/reader.js'),
      import('../../dist/dashboards/http/api.js'),
      import('../../dist/dashboards/http/server.js'),
      import('../../dist/dashboards/metrics/exporter.js'),
      import('../../dist/dashboards/metrics/state/metrics-state.js'),
      import('../../dist/config/log.js'),
    ]);
  const reader = openReader(dataDir);
  const metrics = new MetricsExporter(new MetricsState());
  const server = await startHttp({
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    metrics,
    api: new Api({ reader, files, live: live ?? undefined }),
    log: createLog({ level: 'silent' }),
  });
  return {
    url: `http://127.0.0.1:${server.address.port}`,
    async close() {
      await server.close();
      metrics.close();
      reader.close();
    },
  };
}
