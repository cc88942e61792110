// Holds the transaction status of one connection, as the server states it.
// Invariant: only a ReadyForQuery changes it; SQL is never read for it.
// Not here: counting transactions (analyzer/sessions/transaction-watch.ts).

import type { TransactionStatus } from '../stream/observation.js';

export class Transaction {
  status: TransactionStatus = '';
  /** Wall clock: when this status began. */
  sinceMs = 0;

  /** A ROLLBACK, or a ROLLBACK TO, completed since the last ReadyForQuery. */
  rolledBack = false;
  #keptStatus: TransactionStatus = '';
  #keptSinceMs = 0;

  /** `code` is the status byte of a ReadyForQuery: 'I' idle, 'T' in a transaction, 'E' in a failed one. */
  ready(code: number, nowMs: number): void {
    const status = code === 0x54 ? 'T' : code === 0x45 ? 'E' : 'I';
    if (status === this.status) return;
    this.status = status;
    this.sinceMs = nowMs;
  }

  /** Remembers how it is now. */
  keep(): void {
    this.#keptStatus = this.status;
    this.#keptSinceMs = this.sinceMs;
  }

  /** Makes it as it was kept: replies that changed it meanwhile are read again. */
  restore(): void {
    this.status = this.#keptStatus;
    this.sinceMs = this.#keptSinceMs;
  }
}
