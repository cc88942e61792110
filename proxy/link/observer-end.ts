// The other end of the link: whatever runs the observer.
// Invariant: a type alone. Here are the promises that observer-process.ts (a child) and observer-socket.ts (a path) both keep.

import type { Config } from '../../config/config.js';

/** Whatever runs the observer: a child process, or somebody at the other end of a path. */
export interface ObserverEnd {
  readonly restartsTotal: number;
  /** How long the end of the link is waited for, ms: for an observer that is not there to come back and be told what was lost. */
  readonly lastWordMs: number;
  /**
   * Resolves with undefined when it works or is not waited for any longer. At the first start of all it resolves with the exit code
   * of an observer that says it cannot work; later such a one is started again and again.
   */
  start(which: 'first' | 'later'): Promise<number | undefined>;
  /** Takes a new configuration; true when it must be started again for it. */
  configure(config: Config): boolean;
  /** The link was ended before. */
  stop(deadlineMs: number): Promise<void>;
  /** It hangs, or time is up. */
  kill(): void;
}
