// Finds a request that waits for a lock which it holds itself, by its transaction on another pool.
// Postgres sees two sessions and no deadlock: it ends with a time-out, or when the first one commits.
// Invariant: the transaction has written, and its own session is silent while the other one waits. Not here: work
// beside a transaction that waits for nothing (boundary.ts).

import type { Occurrence } from '../../../facts/finding.js';
import { isWrite, TRAITS, type UnitStatement } from '../../../facts/work/unit.js';
import { addTo, besideOf, type Kind, tableWords } from '../views/kind.js';
import type { Transaction, UnitView } from '../views/unit-view.js';

/** lock_not_available: the server says that it was a lock. */
const LOCK_TIMEOUT = '55P03';
/** query_canceled: a time-out of statements, or the client gave up. */
const CANCELLED = '57014';
const WAIT_MIN_MS = 200;
/** A lock is given on at once. */
const RELEASED_MS = 50;

export const BOUNDARY_LOCK: Kind = {
  kind: 'boundary-lock',
  needs: TRAITS.sessions | TRAITS.open | TRAITS.writes,
  look(view) {
    const { unit, rules, route } = view;
    const found = new Map<string, Occurrence>();
    if (unit.found !== 'direct' || !view.hasSeveralSessions) return [];
    for (const outer of [...view.transactions, ...view.openTransactions]) {
      const inside = outer.statements.find(isWrite);
      if (inside === undefined || inside.pool === '') continue;
      for (const other of unit.statements) {
        if (other.session === outer.session || other.pool === '' || other.pool === inside.pool) continue;
        if (other.startMs < inside.endMs || other.startMs > outer.endMs || other.housekeeping !== '') continue;
        const waitMs = rules.threshold('boundary-lock', { route, source: other.source }, WAIT_MIN_MS);
        if (other.endMs - other.startMs < waitMs || !isSilent(view, outer, other)) continue;
        const confidence = proofOf(other, outer);
        if (confidence === undefined) continue;
        addTo(found, besideOf({ kind: 'boundary-lock', confidence }, other, inside));
      }
    }
    return [...found.values()];
  },
  words: (told) => ({
    title: `A wait of ${told.pools[1] ?? 'a pool'} for a lock on ${tableWords(told, 'beside')} that the same request holds`,
    explanation:
      `A transaction has written ${tableWords(told, 'inside')} and stays open, while the same request waits through another pool for a lock on ${tableWords(told, 'beside')} which the transaction holds. ` +
      'Nobody else can end that wait: it lasts until a time-out, or until the transaction commits.',
    nextStep: 'Send both through one connection, or end the transaction before the other pool is asked.',
  }),
};

/** The server's word is a proof; else the wait ended as the transaction did. */
function proofOf(other: UnitStatement, outer: Transaction): Occurrence['confidence'] | undefined {
  if (other.sqlstate === LOCK_TIMEOUT) return 'strong';
  if (other.sqlstate === CANCELLED && other.endMs <= outer.endMs) return 'weak';
  const afterMs = other.endMs - outer.endMs;
  return other.sqlstate === '' && afterMs >= 0 && afterMs <= RELEASED_MS ? 'weak' : undefined;
}

/** Nothing but its end runs in the transaction meanwhile. */
function isSilent({ unit }: UnitView, outer: Transaction, other: UnitStatement): boolean {
  return !unit.statements.some(
    ({ session, startMs, housekeeping }) =>
      session === outer.session && startMs > other.startMs && startMs < other.endMs && housekeeping === '',
  );
}
