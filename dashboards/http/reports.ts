// The thread of reports as the HTTP thread sees it: asked by address, answered in its own time, started again when it ended.
// Invariant: every question is answered: with the report, or with what became of the thread. Not here: the thread's own side (reports-main.ts).

import { Worker } from 'node:worker_threads';
import { RuntimeError } from '../../config/errors.js';
import type { Log } from '../../config/log.js';
import { type Answer, jsonAnswer } from './answer.js';
import type { ApiSource } from './api.js';
import type { FromReports, ReportsStart, ToReports } from './thread-messages.js';

/** A report over everything that the store may hold fits several times. */
const HEAP_MIB = 256;
const RESTART_AFTER_MS = 1_000;

export interface ReportsOptions extends ReportsStart {
  readonly log: Log;
  /** Somebody wants executions as they pass; answered by `executions`. */
  readonly onSince: (id: number, after: number) => void;
}

interface Asked {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export class Reports implements ApiSource {
  readonly #options: ReportsOptions;
  readonly #asked = new Map<number, Asked>();
  #worker: Worker | undefined;
  #lastId = 0;
  #restart: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  /** Rejects with RuntimeError when the store cannot be read. */
  start(): Promise<void> {
    const { dataDir, log } = this.#options;
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./reports-main.js', import.meta.url), {
        workerData: { dataDir } satisfies ReportsStart,
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
      });
      let ready = false;
      worker.on('message', (message: FromReports) => {
        if (message.kind === 'ready') {
          ready = true;
          this.#worker = worker;
          resolve();
        } else if (message.kind === 'failed') {
          reject(new RuntimeError(message.message, { where: message.where, hint: message.hint }));
        } else this.#said(message);
      });
      worker.on('error', (error) => {
        log.error('the thread of reports failed', { error: error.message });
        reject(error);
      });
      worker.on('exit', () => {
        if (this.#worker === worker) this.#worker = undefined;
        for (const { resolve: answer } of this.#asked.values()) answer(ENDED);
        this.#asked.clear();
        reject(new RuntimeError('the thread of reports ended before it began', { hint: 'the log says why' }));
        if (this.#closing || !(ready || this.#restart)) return;
        log.warn('the thread of reports ended: it is started again', { inMs: RESTART_AFTER_MS });
        this.#restart = setTimeout(() => this.start().catch(() => {}), RESTART_AFTER_MS);
      });
    });
  }

  answer(url: string): Promise<Answer> {
    const worker = this.#worker;
    if (worker === undefined) return Promise.resolve(ENDED);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      worker.postMessage({ kind: 'ask', id, url } satisfies ToReports);
    });
  }

  executions(said: Extract<ToReports, { kind: 'executions' }>): void {
    this.#worker?.postMessage(said);
  }

  /** What is being asked is not waited for. */
  close(): void {
    this.#closing = true;
    clearTimeout(this.#restart);
    void this.#worker?.terminate();
  }

  #said(message: Exclude<FromReports, { kind: 'ready' | 'failed' }>): void {
    if (message.kind === 'since') {
      this.#options.onSince(message.id, message.after);
      return;
    }
    const asked = this.#asked.get(message.id);
    this.#asked.delete(message.id);
    if (message.kind === 'answer') asked?.resolve(message.answer);
    else asked?.reject(new Error(message.message));
  }
}

const ENDED = jsonAnswer(503, {
  error: 'the thread that makes reports ended, and is started again',
  hint: 'ask again in a few seconds; for less, if it happens again: a shorter time, or a limit',
});
