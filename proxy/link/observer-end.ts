// Declares the other end of the link.
// It is a child process (observer-process.ts) or a socket (observer-socket.ts).
// Invariant: this is a type alone. Both implementations do what its comments say.

import type { Config } from '../../config/config.js';

/** The process that observes: our child, or one that somebody else started and that listens at a path. */
export interface ObserverEnd {
  readonly restartsTotal: number;
  /** An observer has answered at least once. */
  readonly wasLive: boolean;
  /** How long the link waits at its end for an absent observer to come back and be told what was lost, ms. */
  readonly lastWordMs: number;
  /**
   * Resolves with undefined when the observer works, or when waiting for it takes too long. At the first start it
   * resolves with the exit code of an observer that cannot work. Later such an observer is started again and again.
   */
  start(which: 'first' | 'later'): Promise<number | undefined>;
  /** Takes a new configuration. Returns true when the observer must be started again for it. */
  configure(config: Config): boolean;
  /** Ends the observer. The link has ended before. After `deadlineMs` it is killed. */
  stop(deadlineMs: number): Promise<void>;
  /** Ends an observer that hangs, or that has no time left. */
  kill(): void;
}
