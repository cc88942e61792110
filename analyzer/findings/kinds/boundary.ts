// Finds work on another pool while a transaction is open: it is not covered by that transaction.
// Reads may miss rows that are not committed yet; writes stay when the transaction is rolled back.
// Invariant: the open transaction has written something, and its request is told by tags. Not here: how long a
// transaction is open (transactions.ts).

import type { FindingKind, FindingTold, Occurrence } from '../../../facts/finding.js';
import { isWrite, TRAITS, type UnitStatement } from '../../../facts/work/unit.js';
import { addTo, besideOf, isRead, type Kind, tableWords } from '../views/kind.js';
import type { Transaction, UnitView } from '../views/unit-view.js';

export const BOUNDARY_READ: Kind = {
  kind: 'boundary-read',
  needs: TRAITS.sessions | TRAITS.open | TRAITS.writes,
  look: (view) => besides(view, 'boundary-read', (other, outer) => isRead(other) && wroteBefore(outer, other.startMs)),
  words: (told) => ({
    title: `A read of ${tableWords(told, 'beside')} through ${otherPool(told)} beside an open transaction`,
    explanation:
      `While a transaction is open that has written ${tableWords(told, 'inside')}, the same request reads ${tableWords(told, 'beside')} through another pool. ` +
      'That read sees nothing of what the transaction has not committed yet.',
    nextStep: 'Send both through one connection, or read after the commit (transaction.on_commit).',
  }),
};

export const BOUNDARY_WRITE: Kind = {
  kind: 'boundary-write',
  needs: TRAITS.sessions | TRAITS.open | TRAITS.writes,
  look: (view) => besides(view, 'boundary-write', (other, outer) => isWrite(other) && !outer.isRolledBack),
  words: (told) => ({
    title: `A write to ${tableWords(told, 'beside')} through ${otherPool(told)} outside of the open transaction`,
    explanation:
      `While a transaction is open that writes ${tableWords(told, 'inside')}, the same request writes ${tableWords(told, 'beside')} through another pool. ` +
      'If the transaction is rolled back, that write stays.',
    nextStep: 'Move that write to the connection of the transaction; until then, make it after the commit.',
  }),
};

export const BOUNDARY_LOST_ROLLBACK: Kind = {
  kind: 'boundary-lost-rollback',
  needs: TRAITS.sessions | TRAITS.open | TRAITS.writes,
  look: (view) => besides(view, 'boundary-lost-rollback', (other, outer) => isWrite(other) && outer.isRolledBack),
  words: (told) => ({
    title: `A rollback that did not reach ${tableWords(told, 'beside')}, written through ${otherPool(told)}`,
    explanation:
      `A transaction that had written ${tableWords(told, 'inside')} was rolled back, and the write to ${tableWords(told, 'beside')} that the same request made through another pool stayed. ` +
      'The data is now half of what the request meant.',
    nextStep: 'Look at the rows of both tables, then move that write to the connection of the transaction.',
  }),
};

/** Statements on other pools, within transactions that write. One occurrence per statement. */
function besides(
  view: UnitView,
  kind: FindingKind,
  concerns: (other: UnitStatement, outer: Transaction) => boolean,
): Occurrence[] {
  const found = new Map<string, Occurrence>();
  const { unit, transactions } = view;
  if (unit.found !== 'direct' || !view.hasSeveralSessions) return [];
  for (const outer of transactions) {
    const inside = outer.statements.find(isWrite);
    if (inside === undefined || inside.pool === '') continue;
    for (const other of unit.statements) {
      const isElsewhere = other.session !== outer.session && other.pool !== '' && other.pool !== inside.pool;
      const isWithin = other.startMs >= outer.startMs && other.endMs <= outer.endMs;
      if (!isElsewhere || !isWithin || other.sqlstate !== '' || other.housekeeping !== '') continue;
      if (!concerns(other, outer) || !stays(view, other)) continue;
      addTo(found, besideOf({ kind, confidence: 'strong' }, other, inside));
    }
  }
  return [...found.values()];
}

/** A write whose own transaction was rolled back did not stay. */
function stays({ transactions }: UnitView, other: UnitStatement): boolean {
  if (!isWrite(other)) return true;
  const own = transactions.find(
    ({ session, startMs, endMs }) => session === other.session && startMs <= other.startMs && other.endMs <= endMs,
  );
  return own === undefined || !own.isRolledBack;
}

/** The first is the transaction's. */
function otherPool({ pools }: FindingTold): string {
  return pools[1] ?? 'another pool';
}

function wroteBefore(outer: Transaction, ms: number): boolean {
  return outer.statements.some((statement) => isWrite(statement) && statement.endMs <= ms);
}
