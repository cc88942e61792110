// The thread of reports as the HTTP thread sees it: asked by address, answered in its own time, there only while somebody asks.
// Invariant: every question is answered: with the report, or with what became of the thread. Not here: the thread's own side (reports-main.ts).

import { Worker } from 'node:worker_threads';
import type { Log } from '../../config/log.js';
import { RuntimeError } from '../../config/values/errors.js';
import { type Answer, jsonAnswer } from '../http/answer.js';
import type { ApiSource } from '../http/api.js';
import type { FromReports, ReportsStart, ToReports } from './messages.js';

/** A report over everything that the store may hold fits several times. */
const HEAP_MIB = 256;
/** Nobody asked for so long: its memory is given back, and the next question waits for a start. */
const IDLE_MS = 5 * 60_000;

export interface ReportsOptions extends ReportsStart {
  readonly log: Log;
  /** Somebody wants executions as they pass; answered by `executions`. */
  readonly onSince: (id: number, after: number) => void;
  /** Default: IDLE_MS. */
  readonly idleMs?: number;
}

interface Asked {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

interface Thread {
  readonly worker: Worker;
  readonly asked: Map<number, Asked>;
}

export class Reports implements ApiSource {
  readonly #options: ReportsOptions;
  #thread: Promise<Thread> | undefined;
  #begun: Thread | undefined;
  #idle: NodeJS.Timeout | undefined;
  #lastId = 0;

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  async answer(url: string): Promise<Answer> {
    clearTimeout(this.#idle);
    this.#thread ??= this.#begin();
    let thread: Thread;
    try {
      thread = await this.#thread;
    } catch (error) {
      const { message, hint = '' } = error as RuntimeError;
      return jsonAnswer(503, { error: message, hint });
    }
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      thread.asked.set(id, { resolve, reject });
      thread.worker.postMessage({ kind: 'ask', id, url } satisfies ToReports);
    });
  }

  executions(said: Extract<ToReports, { kind: 'executions' }>): void {
    this.#begun?.worker.postMessage(said);
  }

  /** What is being asked is not waited for. */
  close(): void {
    clearTimeout(this.#idle);
    const begun = this.#begun;
    this.#forget(begun);
    void begun?.worker.terminate();
  }

  /** Rejects with RuntimeError when the store cannot be read. */
  #begin(): Promise<Thread> {
    const { dataDir, log } = this.#options;
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./reports-main.js', import.meta.url), {
        workerData: { dataDir } satisfies ReportsStart,
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
      });
      const thread: Thread = { worker, asked: new Map() };
      this.#begun = thread;
      worker.on('message', (message: FromReports) => {
        if (message.kind === 'ready') resolve(thread);
        else if (message.kind === 'failed') reject(new RuntimeError(message.message, message));
        else this.#said(thread, message);
      });
      worker.on('error', (error) => log.error('the thread of reports failed', { error: error.message }));
      worker.on('exit', () => {
        this.#forget(thread);
        for (const { resolve: answer } of thread.asked.values()) answer(ENDED);
        reject(new RuntimeError('the thread of reports ended before it began', { hint: 'the log says why' }));
      });
    });
  }

  /** The next question begins another one. */
  #forget(thread: Thread | undefined): void {
    if (this.#begun !== thread) return;
    this.#begun = undefined;
    this.#thread = undefined;
  }

  #said(thread: Thread, message: Exclude<FromReports, { kind: 'ready' | 'failed' }>): void {
    if (message.kind === 'since') {
      this.#options.onSince(message.id, message.after);
      return;
    }
    const asked = thread.asked.get(message.id);
    thread.asked.delete(message.id);
    if (message.kind === 'answer') asked?.resolve(message.answer);
    else asked?.reject(new Error(message.message));
    if (thread.asked.size > 0) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (thread.asked.size === 0) this.close();
    }, this.#options.idleMs ?? IDLE_MS).unref();
  }
}

const ENDED = jsonAnswer(503, {
  error: 'the thread that makes reports ended',
  hint: 'ask again; for less, if it happens again: a shorter time, or a limit',
});
