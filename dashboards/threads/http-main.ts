// Runs the HTTP thread: it listens, keeps the last metrics, and passes the API's questions on.
// Invariant: it does no long work and has normal priority, so that a scrape waits neither for observing nor for a
// report.
// Not here: its start and end (http-thread.ts), reports (reports-main.ts).

import { parentPort } from 'node:worker_threads';
import { createLog } from '../../config/log.js';
import { threadId } from '../../config/process/thread-cpu.js';
import { type HttpServer, startHttp } from '../http/server.js';
import { HttpCounts } from '../metrics/state/http-counts.js';
import { KeptMetrics } from './kept-metrics.js';
import { type FromThread, failed, type ThreadStart, type ToThread } from './messages.js';
import { ReportsThread } from './reports-thread.js';

const port = parentPort!;
const say = (message: FromThread): void => port.postMessage(message);
const counts = new HttpCounts();
const metrics = new KeptMetrics((format) => say({ kind: 'scraped', format, counts: counts.take() }));
const own = threadId();
let reports: ReportsThread | undefined;
let http: HttpServer | undefined;

async function start({ address, hosts, token, dataDir, store, observes, files, logLevel }: ThreadStart): Promise<void> {
  const log = createLog({ level: logLevel, name: 'observer' });
  sayThreads(undefined);
  reports = new ReportsThread({
    dataDir,
    store,
    observes,
    files,
    log,
    onLiveAsked: (id, question) => say({ kind: 'live-asked', id, question }),
    onThread: sayThreads,
    onDamage: (reason) => say({ kind: 'damage-met', reason }),
  });
  http = await startHttp({ address, hosts, token, metrics, api: reports, counts, log });
  say({ kind: 'listening', address: http.address });
}

function sayThreads(ofReports: number | undefined): void {
  say({ kind: 'threads', threads: [own, ofReports].filter((thread) => thread !== undefined) });
}

async function close(): Promise<void> {
  reports?.close();
  await http?.close();
  port.close();
}

port.on('message', (message: ToThread) => {
  if (message.kind === 'metrics') metrics.take(message.rendered);
  else if (message.kind === 'live') reports?.takeLive(message);
  else if (message.kind === 'storing') reports?.takeStoring(message);
  else if (message.kind === 'close') void close();
  else {
    start(message.start).catch((error: unknown) => {
      say(failed(error));
      void close();
    });
  }
});
