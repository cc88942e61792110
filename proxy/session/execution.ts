// What is measured of one simple Query, one portal, or one Parse/Bind that failed, while it runs and until it is sent.
// Invariant: times are of the relay's monotonic clock, in ms; serviceMs is set exactly when it completed. Not here: when things happen.

import type { Completion, TransactionStatus } from '../stream/observation.js';
import type { PreparedText } from './texts.js';

export class Execution {
  readonly simple: boolean;
  /** Last octet of the request arrived. */
  readonly arrivedMs: number;
  /** The request was forwarded; for the extended protocol the earliest still unanswered Parse/Bind/Execute of it. */
  startMs: number;
  /** Executions with the same number are answered at one flush point (Sync, Flush, end of Query). */
  readonly flushGroup: number;
  readonly pipelineDepth: number;
  /** Its SQL; undefined = unknown. */
  prepared: PreparedText | undefined = undefined;
  requestBytes = 0;
  responseBytes = 0;
  dataRows = 0;
  /** -1 until the first DataRow. */
  firstRowMs = -1;
  completedMs = 0;
  serviceMs = 0;
  waitMs = 0;
  clientStallMs = 0;
  suspensions = 0;
  copy: '' | 'in' | 'out' | 'both' = '';
  /** Shared its flush point with other executions. */
  batched = false;
  /** Of the ReadyForQuery before and after it. */
  transactionBefore: TransactionStatus = '';
  transactionAfter: TransactionStatus = '';
  /** '' = no error. */
  sqlstate = '';
  /** Completions in order; shared EMPTY until the first. */
  completions: Completion[] = NONE;
  runningReported = false;

  constructor(simple: boolean, at: { arrivedMs: number; startMs: number; flushGroup: number; pipelineDepth: number }) {
    this.simple = simple;
    this.arrivedMs = at.arrivedMs;
    this.startMs = at.startMs;
    this.flushGroup = at.flushGroup;
    this.pipelineDepth = at.pipelineDepth;
  }

  complete(command: string, rows: number): void {
    if (this.completions === NONE) this.completions = [{ command, rows }];
    else this.completions.push({ command, rows });
  }

  /** True when a ReadyForQuery may end it: the server says something of every Query first. */
  get answered(): boolean {
    return this.completions !== NONE || this.sqlstate !== '';
  }

  /** Takes over what earlier Executes of the same portal measured. */
  resume(earlier: Execution): void {
    this.requestBytes += earlier.requestBytes;
    this.responseBytes += earlier.responseBytes;
    this.dataRows += earlier.dataRows;
    this.serviceMs += earlier.serviceMs;
    this.waitMs += earlier.waitMs;
    this.clientStallMs += earlier.clientStallMs;
    this.suspensions += earlier.suspensions;
    if (earlier.firstRowMs >= 0) this.firstRowMs = this.startMs + (earlier.firstRowMs - earlier.startMs);
  }
}

const NONE: Completion[] = [];
