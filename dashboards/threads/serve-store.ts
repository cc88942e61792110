// Serves a store without an observer: the page, the API and /metrics.
// Invariant: the store is only read, but for marks that come with the token. What goes on now nobody knows here, and
// an answer says so. Not here: the threads (http-thread.ts), the families (dashboards/metrics/catalogue/served.ts).

import type { Log } from '../../config/log.js';
import { openFleetStore } from '../../reports/questions/fleet-store.js';
import { openReader } from '../../storage/sqlite/read/reader.js';
import type { HttpServer } from '../http/server.js';
import { MetricsExporter } from '../metrics/exporter.js';
import { findingCounter } from '../metrics/finding-counter.js';
import { markFinder } from '../metrics/mark-finder.js';
import { MetricsState } from '../metrics/state/metrics-state.js';
import { storedFigures } from '../metrics/stored-figures.js';
import { startHttpThread } from './http-thread.js';
import type { ThreadStart } from './messages.js';

export interface ServeOptions extends Omit<ThreadStart, 'observes'> {
  readonly log: Log;
}

/** Throws StoreError when there is no store, RuntimeError when it cannot listen. */
export async function serveStore({ log, ...start }: ServeOptions): Promise<HttpServer> {
  const reader = start.store === undefined ? openReader(start.dataDir) : openFleetStore(start.store);
  const state = new MetricsState();
  const exporter = new MetricsExporter(state, {
    lastMarks: markFinder(reader),
    findings: findingCounter(reader, Date.now()),
    stored: storedFigures(reader),
  });
  const end = () => {
    exporter.close();
    reader.close();
  };
  try {
    const http = await startHttpThread({
      ...start,
      metrics: exporter,
      onCounted: (counts) => state.http.add(counts),
      onDamage: (reason) => log.error('a report met damage in the store', { reason }),
      log,
    });
    return {
      address: http.address,
      close: () => http.close().finally(end),
    };
  } catch (error) {
    end();
    throw error;
  }
}
