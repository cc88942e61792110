// Starts the HTTP listener on a thread of its own, and gives it the metrics, which live on this one.
// Invariant: this thread is never asked to wait for a request; the thread is started again when it ends by a fault, if then with the
// priority that this one has by now.
// Not here: what is answered (routes.ts), the thread's own side (http-main.ts).

import { Worker } from 'node:worker_threads';
import type { Log } from '../../config/log.js';
import type { TcpAddress } from '../../config/values/address.js';
import { RuntimeError } from '../../config/values/errors.js';
import type { TailBatch } from '../../facts/tail-facts.js';
import type { MetricsSource } from '../http/routes.js';
import type { HttpServer } from '../http/server.js';
import type { Format } from '../metrics/exposition.js';
import type { FromThread, ThreadStart, ToThread } from './messages.js';

export interface HttpThreadOptions extends ThreadStart {
  /** Begun before, by beginHttpThread; default: now. */
  readonly worker?: Worker;
  readonly metrics: MetricsSource;
  /** The last executions, for who looks on. */
  readonly live: { since(after: number, nowMs: number): TailBatch };
  readonly log: Log;
}

/** The last metrics, and what is on its way to those who asked. */
const HEAP_MIB = 64;
const RESTART_AFTER_MS = 1_000;
/** A scraper that came within this time finds an exposition no older than a second, whatever holds this thread then. */
const REMEMBERED_MS = 5 * 60_000;
const RENDER_EVERY_MS = 1_000;

/** A thread keeps the priority that its maker had: this is to be called before that is lowered. */
export function beginHttpThread(): Worker {
  return new Worker(new URL('./http-main.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
}

/** Throws RuntimeError when it cannot listen there. */
export async function startHttpThread(options: HttpThreadOptions): Promise<HttpServer> {
  const { metrics, live, log, worker: begun, ...start } = options;
  const scraped = new Map<Format, number>();
  let closing = false;
  let worker: Worker;
  let restart: NodeJS.Timeout | undefined;

  const give = async (format: Format): Promise<void> => {
    const text = await metrics.render(format);
    if (!closing) worker.postMessage({ kind: 'metrics', format, text } satisfies ToThread);
  };
  const giveOrSay = (format: Format): void => {
    give(format).catch((error: unknown) => log.error('metrics could not be rendered', { error }));
  };
  const begin = (address: TcpAddress, made = beginHttpThread()): Promise<TcpAddress> =>
    new Promise((resolve, reject) => {
      worker = made;
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'listening') resolve(message.address);
        else if (message.kind === 'scraped') {
          scraped.set(message.format, Date.now());
          giveOrSay(message.format);
        } else if (message.kind === 'since') {
          const batch = live.since(message.after, Date.now());
          worker.postMessage({ kind: 'executions', id: message.id, batch } satisfies ToThread);
        } else reject(new RuntimeError(message.message, { where: message.where, hint: message.hint }));
      });
      worker.on('error', (error) => {
        log.error('the HTTP thread failed', { error: error.message });
        reject(error);
      });
      worker.on('exit', () => {
        reject(new RuntimeError('the HTTP thread ended before it listened', { hint: 'the log says why' }));
        if (closing || listening === undefined) return;
        log.warn('the HTTP thread ended: it is started again', { inMs: RESTART_AFTER_MS });
        restart = setTimeout(() => begin(listening!).catch(() => {}), RESTART_AFTER_MS);
      });
      worker.postMessage({ kind: 'start', start: { ...start, address } } satisfies ToThread);
    });

  let listening: TcpAddress | undefined;
  listening = await begin(start.address, begun);
  // So that the first scrape of all need not wait either.
  for (const format of ['text', 'openmetrics'] as const) giveOrSay(format);
  const rendering = setInterval(() => {
    const since = Date.now() - REMEMBERED_MS;
    for (const [format, atMs] of scraped) if (atMs >= since) giveOrSay(format);
  }, RENDER_EVERY_MS);
  return {
    address: listening,
    async close() {
      closing = true;
      clearInterval(rendering);
      clearTimeout(restart);
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      worker.postMessage({ kind: 'close' } satisfies ToThread);
      const timer = setTimeout(() => void worker.terminate(), 2 * RESTART_AFTER_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
