// Holds what is measured of one execution.
// That is a simple Query, a portal, or a Parse or Bind that failed.
// Invariant: times are ms of the relay's monotonic clock; serviceMs is set when the execution completes, not before.
// Not here: when things happen (requests.ts, replies.ts).

import type { Completion, TransactionStatus } from '../stream/observation.js';
import type { PreparedText } from './texts.js';

/** What is known of an execution when its request arrives. */
interface Arrival {
  arrivedMs: number;
  startMs: number;
  flushGroup: number;
  pipelineDepth: number;
}

export class Execution {
  readonly simple: boolean;
  /** The last byte of the request arrived. */
  readonly arrivedMs: number;
  /** The request was forwarded. Extended protocol: the earliest Parse, Bind or Execute of it that was unanswered. */
  startMs: number;
  /** Executions of one number are answered at one flush point (Sync, Flush, end of Query). */
  readonly flushGroup: number;
  readonly pipelineDepth: number;
  /** Its SQL; undefined = unknown. */
  prepared: PreparedText | undefined = undefined;
  /** Of what was bound; see proxy/stream/parameters.ts. */
  parameterHash = 0;
  parameterCount = 0;
  parametersCut = false;
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
  /** It shared its flush point with other executions. */
  batched = false;
  /** From the ReadyForQuery before it and the one after it. */
  transactionBefore: TransactionStatus = '';
  transactionAfter: TransactionStatus = '';
  /** '' = no error. */
  sqlstate = '';
  /** Completions in order. All executions share NONE until their first completion. */
  completions: Completion[] = NONE;

  constructor(simple: boolean, arrival: Arrival) {
    this.simple = simple;
    this.arrivedMs = arrival.arrivedMs;
    this.startMs = arrival.startMs;
    this.flushGroup = arrival.flushGroup;
    this.pipelineDepth = arrival.pipelineDepth;
  }

  complete(command: string, rows: number): void {
    if (this.completions === NONE) this.completions = [{ command, rows }];
    else this.completions.push({ command, rows });
  }

  /** True when a ReadyForQuery may end it: the server answers every Query with something else first. */
  get answered(): boolean {
    return this.completions !== NONE || this.sqlstate !== '';
  }

  /** Adds what earlier Executes of the same portal measured. */
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
