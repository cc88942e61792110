// The transaction status of one connection, as the server states it.
// Invariant: it changes by ReadyForQuery alone; SQL is never read for it. Not here: counting transactions (analyzer/transactions).

import type { TransactionStatus } from '../stream/observation.js';

export class Transaction {
  status: TransactionStatus = '';
  /** Wall clock: when this status began. */
  sinceMs = 0;

  /** The status octet of a ReadyForQuery: 'I' idle, 'T' in a transaction, 'E' in a failed one. */
  ready(octet: number, nowMs: number): void {
    const status = octet === 0x54 ? 'T' : octet === 0x45 ? 'E' : 'I';
    if (status === this.status) return;
    this.status = status;
    this.sinceMs = nowMs;
  }
}
