// What the threads of the observer say to one another: its main thread, the HTTP thread, and the thread of reports.
// Invariant: everything here can be cloned between threads. Not here: who says it when (http-thread.ts, http-main.ts, reports-thread.ts, reports-main.ts).

import type { TcpAddress } from '../../config/values/address.js';
import type { LogLevel } from '../../config/values/option-readers.js';
import type { TailBatch } from '../../facts/tail-facts.js';
import type { Answer } from '../http/answer.js';
import type { Format } from '../metrics/exposition.js';

/** What the HTTP thread needs to begin. */
export interface ThreadStart {
  readonly address: TcpAddress;
  readonly token: string;
  readonly dataDir: string;
  readonly logLevel: LogLevel;
}

export type ToThread =
  | { readonly kind: 'start'; readonly start: ThreadStart }
  | { readonly kind: 'metrics'; readonly format: Format; readonly text: string }
  | ExecutionsSaid
  | { readonly kind: 'close' };

export type FromThread =
  | { readonly kind: 'listening'; readonly address: TcpAddress }
  | Failed
  /** A scraper asked. */
  | { readonly kind: 'scraped'; readonly format: Format }
  | ExecutionsAsked;

/** Given to the thread of reports when it starts. */
export interface ReportsStart {
  readonly dataDir: string;
}

export type ToReports = { readonly kind: 'ask'; readonly id: number; readonly url: string } | ExecutionsSaid;

export type FromReports =
  | { readonly kind: 'ready' }
  | Failed
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  /** A fault of our own. */
  | { readonly kind: 'fault'; readonly id: number; readonly message: string }
  | ExecutionsAsked;

/** Somebody looks on. */
interface ExecutionsAsked {
  readonly kind: 'since';
  readonly id: number;
  readonly after: number;
}

interface ExecutionsSaid {
  readonly kind: 'executions';
  readonly id: number;
  readonly batch: TailBatch;
}

/** The thread cannot begin. */
export interface Failed {
  readonly kind: 'failed';
  readonly message: string;
  readonly where: string;
  readonly hint: string;
}

export function failed(error: unknown): Failed {
  const { message, where = '', hint = '' } = error as Error & { where?: string; hint?: string };
  return { kind: 'failed', message, where, hint };
}
