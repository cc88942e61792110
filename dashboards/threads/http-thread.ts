// Starts the HTTP thread, and gives it what lives on the main thread: metrics, live answers.
// Invariant: the main thread never waits for a request. A crashed thread is started again; the new one has the
// priority that the main thread has by then.
// Not here: what is answered (dashboards/http), the thread's own side (http-main.ts).

import { Worker } from 'node:worker_threads';
import type { Log } from '../../config/log.js';
import type { TcpAddress } from '../../config/values/address.js';
import { RuntimeError } from '../../config/values/errors.js';
import type { MetricsReader } from '../http/dispatch.js';
import type { LiveAnswers, LiveQuestion } from '../http/live-reader.js';
import type { HttpServer } from '../http/server.js';
import type { HttpCountsDelta } from '../metrics/state/http-counts.js';
import type { FromThread, ThreadStart, ToThread } from './messages.js';
import { MetricsRenderer } from './metrics-renderer.js';

export interface HttpThreadOptions extends Omit<ThreadStart, 'observes'> {
  /** Made earlier by beginHttpThread; default: made now. */
  readonly worker?: Worker;
  readonly metrics: MetricsReader;
  /** Takes what the thread counted. */
  readonly onCounted: (counts: HttpCountsDelta) => void;
  /** Answers what the main thread alone knows; left out where it observes nothing. */
  readonly live?: (question: LiveQuestion, nowMs: number) => LiveAnswers[keyof LiveAnswers];
  /** A report met damage in the store. */
  readonly onDamage: (reason: string) => void;
  readonly log: Log;
}

/** Enough for the last metrics and for answers on their way to clients. */
const HEAP_MIB = 64;
const RESTART_AFTER_MS = 1_000;
const CLOSE_WITHIN_MS = 2_000;

/** Call it before the main thread lowers its priority: a thread keeps the priority that its maker had. */
export function beginHttpThread(): Worker {
  return new Worker(new URL('./http-main.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
}

export interface HttpThreadServer extends HttpServer {
  /** The threads behind HTTP, that of reports among them, by their numbers in the system. Empty where it tells none. */
  readonly threads: readonly number[];
  /** Reports say since when nothing is stored: Unix ms, undefined while it is. */
  tellUnstored(sinceMs: number | undefined): void;
}

/** Throws RuntimeError when it cannot listen there. */
export async function startHttpThread(options: HttpThreadOptions): Promise<HttpThreadServer> {
  const thread = new HttpThread(options);
  await thread.start(options.worker ?? beginHttpThread());
  return thread;
}

class HttpThread implements HttpThreadServer {
  readonly #options: HttpThreadOptions;
  readonly #renderer: MetricsRenderer;
  #address: TcpAddress;
  threads: readonly number[] = [];
  #unstoredSinceMs: number | undefined;
  #worker: Worker | undefined;
  #isListening = false;
  #isClosing = false;
  #restart: NodeJS.Timeout | undefined;

  constructor(options: HttpThreadOptions) {
    this.#options = options;
    this.#address = options.address;
    this.#renderer = new MetricsRenderer({
      metrics: options.metrics,
      onRendered: (rendered) => this.#say({ kind: 'metrics', rendered }),
      log: options.log,
    });
  }

  get address(): TcpAddress {
    return this.#address;
  }

  async start(worker: Worker): Promise<void> {
    this.#address = await this.#begin(worker);
    this.#isListening = true;
  }

  tellUnstored(sinceMs: number | undefined): void {
    if (sinceMs === this.#unstoredSinceMs) return;
    this.#unstoredSinceMs = sinceMs;
    this.#say({ kind: 'storing', unstoredSinceMs: sinceMs });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#renderer.close();
    clearTimeout(this.#restart);
    const worker = this.#worker!;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    this.#say({ kind: 'close' });
    const timer = setTimeout(() => void worker.terminate(), CLOSE_WITHIN_MS);
    await ended;
    clearTimeout(timer);
  }

  /** Resolves with the address it listens on, and rejects when it cannot. */
  #begin(worker: Worker): Promise<TcpAddress> {
    const { log } = this.#options;
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'listening') resolve(message.address);
        else if (message.kind === 'failed') {
          reject(new RuntimeError(message.message, { where: message.where, hint: message.hint }));
        } else this.#take(message);
      });
      worker.on('error', (error) => {
        log.error('the HTTP thread failed', { error: error.message });
        reject(error);
      });
      worker.on('exit', () => {
        reject(new RuntimeError('the HTTP thread ended before it listened', { hint: 'see the log for the reason' }));
        if (this.#isClosing || !this.#isListening) return;
        log.warn('the HTTP thread ended and is started again', { inMs: RESTART_AFTER_MS });
        this.#restart = setTimeout(() => this.#begin(beginHttpThread()).catch(() => {}), RESTART_AFTER_MS);
      });
      const { hosts, token, dataDir, store, live, files, logLevel } = this.#options;
      const observes = live !== undefined;
      const start = { address: this.#address, hosts, token, dataDir, store, observes, files, logLevel };
      this.#say({ kind: 'start', start });
      this.#say({ kind: 'storing', unstoredSinceMs: this.#unstoredSinceMs });
    });
  }

  #take(message: Exclude<FromThread, { kind: 'listening' | 'failed' }>): void {
    if (message.kind === 'threads') {
      this.threads = message.threads;
      return;
    }
    if (message.kind === 'damage-met') {
      this.#options.onDamage(message.reason);
      return;
    }
    if (message.kind === 'scraped') {
      this.#options.onCounted(message.counts);
      this.#renderer.ask(message.format);
      return;
    }
    const answer = this.#options.live?.(message.question, Date.now());
    if (answer !== undefined) this.#say({ kind: 'live', id: message.id, answer });
  }

  #say(message: ToThread): void {
    this.#worker!.postMessage(message);
  }
}
