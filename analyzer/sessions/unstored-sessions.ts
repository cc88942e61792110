// The sessions that wait for a flush: open ones that changed, and closed ones.
// Invariant: a closed session waits once and is not open any more; an open one is stored whole, so storing it twice
// changes nothing. Not here: what opens, changes and closes them (sessions.ts).

import type { ClosedSession, OpenSessionState } from '../../facts/flush.js';
import type { Pending } from '../../facts/pending.js';
import type { ObservedSession } from './observed-session.js';

export class ChangedSessions implements Pending<OpenSessionState> {
  readonly #open: () => Iterable<ObservedSession>;

  /** `open`: gives all open sessions. */
  constructor(open: () => Iterable<ObservedSession>) {
    this.#open = open;
  }

  *pending(): Iterable<OpenSessionState> {
    for (const session of this.#open()) {
      if (!session.changed) continue;
      const { relayId, sessionId } = session.facts;
      yield { relayId, sessionId, state: session.toJson() };
    }
  }

  stored(): void {
    for (const session of this.#open()) session.changed = false;
  }

  storeAgain(): void {
    for (const session of this.#open()) session.changed = true;
  }
}

export class ClosedSessions implements Pending<ClosedSession> {
  #closed: ClosedSession[] = [];

  note(session: ClosedSession): void {
    this.#closed.push(session);
  }

  pending(): readonly ClosedSession[] {
    return this.#closed;
  }

  stored(): void {
    this.#closed = [];
  }
}
