// Looks for damage in the database file, past what connections keep in memory.
// Invariant: looking without a reason reads a small file alone, now and then, in a thread of its own: nothing waits
// for it, and its word is taken when it is there. Not here: what becomes of a damaged file (sqlite-store.ts).

import { statSync } from 'node:fs';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { StoreError } from '../../store-error.js';
import { makeStoreError } from './failures.js';
import { requireSoundFile } from './open-database.js';
import type { SoundAnswer, SoundStart } from './sound-main.js';

const LOOK_EVERY_MS = 60_000;
/** Reading so much takes some tens of milliseconds of that thread … */
const SMALL_BYTES = 16 * 1024 * 1024;
/** … and this some hundreds of this one, where somebody met damage. In a bigger file the word is taken. */
const READ_BYTES_MAX = 64 * 1024 * 1024;
const MAIN = new URL('./sound-main.js', import.meta.url);

interface Look {
  readonly worker: Worker;
  readonly port: MessagePort;
  /** Its word, if it gave one, waits on the port. */
  hasEnded: boolean;
}

export class DamageWatch {
  readonly #path: string;
  readonly #everyMs: number;
  #lookedMs = performance.now();
  #look: Look | undefined;

  constructor(path: string, everyMs = LOOK_EVERY_MS) {
    this.#path = path;
    this.#everyMs = everyMs;
  }

  /** Throws StoreError 'corrupt' where the last look found damage, or what kept it from looking. */
  lookIfDue(): void {
    const answer = this.#answer();
    if (answer?.failed !== undefined) {
      const { code, message, hint } = answer.failed;
      throw new StoreError(code, message, { hint });
    }
    const nowMs = performance.now();
    if (this.#look !== undefined || nowMs - this.#lookedMs < this.#everyMs) return;
    if (statSync(this.#path).size > SMALL_BYTES) return;
    this.#lookedMs = nowMs;
    this.#begin();
  }

  /** Somebody met damage, in the words of `reported`. Throws StoreError 'corrupt' where there is some. */
  look(reported: string): void {
    if (statSync(this.#path).size > READ_BYTES_MAX) throw makeStoreError('corrupt', reported);
    requireSoundFile(this.#path);
  }

  close(): void {
    const look = this.#look;
    this.#look = undefined;
    look?.port.close();
    void look?.worker.terminate();
  }

  #begin(): void {
    const { port1, port2 } = new MessageChannel();
    const start: SoundStart = { path: this.#path, port: port2 };
    const worker = new Worker(MAIN, { workerData: start, transferList: [port2] });
    const look: Look = { worker, port: port1, hasEnded: false };
    this.#look = look;
    worker.unref();
    port1.unref();
    worker.on('error', () => {});
    worker.on('exit', () => {
      look.hasEnded = true;
    });
  }

  /** Undefined while there is none. A thread that could not work says nothing: the next one may. */
  #answer(): SoundAnswer | undefined {
    if (this.#look === undefined) return undefined;
    const { port, hasEnded } = this.#look;
    const answer = receiveMessageOnPort(port)?.message as SoundAnswer | undefined;
    if (answer !== undefined || hasEnded) this.close();
    return answer;
  }
}
