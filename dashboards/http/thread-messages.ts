// What the observer's main thread and its HTTP thread say to each other.
// Invariant: everything here can be cloned between threads. Not here: who says it when (thread.ts, thread-main.ts).

import type { TailBatch } from '../../analyzer/tail-facts.js';
import type { TcpAddress } from '../../config/address.js';
import type { LogLevel } from '../../config/options.js';
import type { Format } from '../metrics/exposition.js';

/** Given to the thread when it starts. */
export interface ThreadStart {
  readonly address: TcpAddress;
  readonly token: string;
  readonly dataDir: string;
  readonly logLevel: LogLevel;
}

export type ToThread =
  | { readonly kind: 'metrics'; readonly format: Format; readonly text: string }
  | { readonly kind: 'executions'; readonly id: number; readonly batch: TailBatch }
  | { readonly kind: 'close' };

export type FromThread =
  | { readonly kind: 'listening'; readonly address: TcpAddress }
  | { readonly kind: 'failed'; readonly message: string; readonly where: string; readonly hint: string }
  /** A scraper asked. */
  | { readonly kind: 'scraped'; readonly format: Format }
  /** Somebody looks on. */
  | { readonly kind: 'since'; readonly id: number; readonly after: number };
