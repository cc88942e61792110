// Messages between the observer's main thread, its HTTP thread and its thread of reports.
// Invariant: every message can be cloned between threads. Not here: when they are sent (the other files of this
// folder).

import type { TcpAddress } from '../../config/values/address.js';
import type { LogLevel } from '../../config/values/option-readers.js';
import type { Answer } from '../http/answer.js';
import type { LiveAnswers, LiveQuestion } from '../http/live-reader.js';
import type { MigrationFiles } from '../http/migration.js';
import type { Format } from '../metrics/exposition-format.js';
import type { HttpCountsDelta } from '../metrics/state/http-counts.js';

/** A moment of the system's monotonic clock, which all threads share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Metrics of one moment. */
export interface Rendered {
  readonly format: Format;
  readonly text: string;
  /** When rendering began, by monotonicMs(): nothing in the text is older. */
  readonly begunMs: number;
}

/** Options of the HTTP thread. */
export interface ThreadStart {
  readonly address: TcpAddress;
  /** Hosts by which it is reached besides its own address. */
  readonly hosts: readonly string[];
  readonly token: string;
  readonly dataDir: string;
  /** Of a fleet, read instead of the data directory. */
  readonly store?: string;
  readonly observes: boolean;
  readonly files: MigrationFiles;
  readonly logLevel: LogLevel;
}

export type ToThread =
  | { readonly kind: 'start'; readonly start: ThreadStart }
  | { readonly kind: 'metrics'; readonly rendered: Rendered }
  | LiveMessage
  | StoringMessage
  | { readonly kind: 'close' };

export type FromThread =
  | { readonly kind: 'listening'; readonly address: TcpAddress }
  /** The threads behind HTTP, this one and that of reports, by their numbers in the system. */
  | { readonly kind: 'threads'; readonly threads: readonly number[] }
  | Failed
  /** A scraper asked for metrics. `counts`: what was counted since the last message of this kind. */
  | { readonly kind: 'scraped'; readonly format: Format; readonly counts: HttpCountsDelta }
  | DamageMet
  | LiveAsked;

/** Options of the thread of reports. */
export interface ReportsStart {
  readonly dataDir: string;
  readonly store?: string;
  /** There is an observer, which knows what goes on now. */
  readonly observes: boolean;
  readonly files: MigrationFiles;
}

export type ToReports =
  | { readonly kind: 'ask'; readonly id: number; readonly url: string }
  | LiveMessage
  | StoringMessage;

export type FromReports =
  /** The first message: `thread` is its number in the system; undefined where that is not told. */
  | { readonly kind: 'begun'; readonly thread: number | undefined }
  | { readonly kind: 'ready' }
  | Failed
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  /** A defect of pgwitness. */
  | { readonly kind: 'fault'; readonly id: number; readonly message: string }
  | DamageMet
  | LiveAsked;

/** A report met damage in the store. */
export interface DamageMet {
  readonly kind: 'damage-met';
  readonly reason: string;
}

/** Since when nothing is stored, Unix ms; undefined while it is. The observer knows it without the disk's help. */
export interface StoringMessage {
  readonly kind: 'storing';
  readonly unstoredSinceMs: number | undefined;
}

/** Somebody asks for what the main thread alone knows. */
interface LiveAsked {
  readonly kind: 'live-asked';
  readonly id: number;
  readonly question: LiveQuestion;
}

export interface LiveMessage {
  readonly kind: 'live';
  readonly id: number;
  readonly answer: LiveAnswers[keyof LiveAnswers];
}

/** The thread cannot start. */
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
