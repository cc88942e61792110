// Starts the thread of reports at the first question, and ends it when nobody asks.
// Invariant: every question that is asked is answered, with the report or with the reason why the thread ended.
// Not here: which question is asked when (question-queue.ts), the thread's own side (reports-main.ts).

import { Worker } from 'node:worker_threads';
import type { Log } from '../../config/log.js';
import { RuntimeError } from '../../config/values/errors.js';
import { type Answer, jsonAnswer } from '../http/answer.js';
import { type ApiReader, isLive } from '../http/api.js';
import type { LiveQuestion } from '../http/live-reader.js';
import type { FromReports, LiveMessage, ReportsStart, StoringMessage, ToReports } from './messages.js';
import { QuestionQueue } from './question-queue.js';

/** Several times what a report over the largest store needs. */
const HEAP_MIB = 256;
/** After this time without a question the thread ends and frees its memory; the next question waits for a new one. */
const IDLE_MS = 5 * 60_000;
/** More than anybody runs at one sidecar. Each waits for the main thread, not for a report. */
const LIVE_AT_ONCE = 8;

export interface ReportsThreadOptions extends ReportsStart {
  readonly log: Log;
  /** Somebody asks for what the main thread alone knows; answer with `takeLive`. */
  readonly onLiveAsked: (id: number, question: LiveQuestion) => void;
  /** A report met damage in the store. */
  readonly onDamage?: (reason: string) => void;
  /** The thread began or, with undefined, ended; its number in the system. */
  readonly onThread?: (thread: number | undefined) => void;
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

export class ReportsThread implements ApiReader {
  readonly #options: ReportsThreadOptions;
  readonly #reports = new QuestionQueue({ ask: (url) => this.#ask(url) });
  /** Apart, because an answer is made by the main thread, which may be slow while reports could be made. */
  readonly #live = new QuestionQueue({ ask: (url) => this.#ask(url), atOnce: LIVE_AT_ONCE });
  #thread: Promise<Thread> | undefined;
  #begun: Thread | undefined;
  #idle: NodeJS.Timeout | undefined;
  #lastId = 0;
  #storing: StoringMessage = { kind: 'storing', unstoredSinceMs: undefined };

  constructor(options: ReportsThreadOptions) {
    this.#options = options;
  }

  answer(url: string, gone?: AbortSignal): Promise<Answer> {
    return (isLive(url) ? this.#live : this.#reports).answer(url, gone);
  }

  async #ask(url: string): Promise<Answer> {
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

  takeLive(message: LiveMessage): void {
    this.#begun?.worker.postMessage(message);
  }

  takeStoring(message: StoringMessage): void {
    this.#storing = message;
    this.#begun?.worker.postMessage(message);
  }

  /** Does not wait for open questions; they are answered with an error. */
  close(): void {
    clearTimeout(this.#idle);
    const begun = this.#begun;
    this.#forget(begun);
    void begun?.worker.terminate();
  }

  /** Rejects with RuntimeError when the store cannot be read. */
  #begin(): Promise<Thread> {
    const { dataDir, store, observes, files, log } = this.#options;
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./reports-main.js', import.meta.url), {
        workerData: { dataDir, store, observes, files } satisfies ReportsStart,
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
      });
      const thread: Thread = { worker, asked: new Map() };
      this.#begun = thread;
      worker.postMessage(this.#storing);
      worker.on('message', (message: FromReports) => {
        if (message.kind === 'begun') this.#options.onThread?.(message.thread);
        else if (message.kind === 'ready') resolve(thread);
        else if (message.kind === 'failed') reject(new RuntimeError(message.message, message));
        else this.#take(thread, message);
      });
      worker.on('error', (error) => log.error('the thread of reports failed', { error: error.message }));
      worker.on('exit', () => {
        this.#forget(thread);
        if (this.#begun === undefined) this.#options.onThread?.(undefined);
        for (const { resolve: answer } of thread.asked.values()) answer(ENDED);
        reject(
          new RuntimeError('the thread of reports ended before it was ready', { hint: 'see the log for the reason' }),
        );
      });
    });
  }

  /** The next question starts a new thread. */
  #forget(thread: Thread | undefined): void {
    if (this.#begun !== thread) return;
    this.#begun = undefined;
    this.#thread = undefined;
  }

  #take(thread: Thread, message: Exclude<FromReports, { kind: 'begun' | 'ready' | 'failed' }>): void {
    if (message.kind === 'live-asked') {
      this.#options.onLiveAsked(message.id, message.question);
      return;
    }
    if (message.kind === 'damage-met') {
      this.#options.onDamage?.(message.reason);
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
  hint: 'ask again; if it happens again, ask for a shorter time or with a limit',
});
