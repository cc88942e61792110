// The HTTP thread of the observer: the listener with a database connection of its own.
// Invariant: nothing it does, a report over 20,000 statements included, holds up observing. Not here: its start and end (thread.ts).

import { parentPort, workerData } from 'node:worker_threads';
import type { UsageError } from '../../config/errors.js';
import { createLog } from '../../config/log.js';
import { openReader } from '../../storage/sqlite/reader.js';
import { KeptMetrics } from './kept-metrics.js';
import { LiveExecutions } from './live-executions.js';
import { startHttp } from './server.js';
import type { FromThread, ThreadStart, ToThread } from './thread-messages.js';

const port = parentPort!;
const say = (message: FromThread): void => port.postMessage(message);

async function main({ address, token, dataDir, logLevel }: ThreadStart): Promise<void> {
  const log = createLog({ level: logLevel, name: 'observer' });
  const reader = openReader(dataDir);
  const metrics = new KeptMetrics((format) => say({ kind: 'scraped', format }));
  const live = new LiveExecutions((id, after) => say({ kind: 'since', id, after }));
  const http = await startHttp({ address, token, reader, metrics, live, log });
  port.on('message', (message: ToThread) => {
    if (message.kind === 'metrics') return metrics.take(message.format, message.text);
    if (message.kind === 'executions') return live.take(message.id, message.batch);
    void http.close().then(() => {
      reader.close();
      port.close();
    });
  });
  say({ kind: 'listening', address: http.address });
}

main(workerData as ThreadStart).catch((error: unknown) => {
  const { message, where = '', hint = '' } = error as UsageError;
  say({ kind: 'failed', message, where, hint });
  port.close();
});
