// Finds transactions around nothing but reads: BEGIN, and what ends it, cost a round trip each.
// Invariant: every statement of it is a plain read that completed: no lock, no write, no setting, no cursor.
// They are habits and stay weak: whoever reads twice under REPEATABLE READ needs one. Not here: transactions that
// last (transactions.ts).

import type { FindingKind, Occurrence } from '../../../facts/finding.js';
import { TRAITS, type UnitStatement } from '../../../facts/work/unit.js';
import { callerOf } from '../views/caller.js';
import { costOf, type Kind, poolsOf } from '../views/kind.js';
import type { Transaction, UnitView } from '../views/unit-view.js';

export const READ_ONLY_TRANSACTION: Kind = {
  kind: 'read-only-transaction',
  needs: TRAITS.open | TRAITS.housekeeping,
  look: (view) => habitsOf(view, 'read-only-transaction', ({ isRolledBack }) => !isRolledBack),
  words: (told) => ({
    title: `Transactions in ${told.pools.join(', ')} that only read`,
    explanation:
      `A request opens ${timesWords(told.timesMean)} in which it only reads, and commits. ` +
      'BEGIN and COMMIT cost a round trip each, and the connection is held meanwhile.',
    nextStep:
      'Read in autocommit: no atomic() and no ATOMIC_REQUESTS around what only reads (non_atomic_requests). Two reads that must see one state are a reason to keep it.',
  }),
};

export const ROLLBACK_ON_RETURN: Kind = {
  kind: 'rollback-on-return',
  needs: TRAITS.open | TRAITS.housekeeping,
  look: (view) =>
    habitsOf(view, 'rollback-on-return', ({ isRolledBack, statements, session }) => {
      const last = statements[statements.length - 1];
      return isRolledBack && view.unit.statements.findLast((one) => one.session === session) === last;
    }),
  words: (told) => ({
    title: `Reads in ${told.pools.join(', ')} that end with a ROLLBACK`,
    explanation:
      `A request opens ${timesWords(told.timesMean)} in which it only reads, and its pool rolls back when the connection is returned. ` +
      'BEGIN and ROLLBACK cost a round trip each.',
    nextStep:
      'Read through an engine with isolation_level="AUTOCOMMIT" (execution_options), or a connection in autocommit.',
  }),
};

function timesWords(times: number): string {
  const rounded = Math.round(times);
  return rounded === 1 ? 'a transaction' : `${rounded} transactions`;
}

/** One occurrence per pool, named by the statement that ends them. */
function habitsOf(view: UnitView, kind: FindingKind, isIt: (transaction: Transaction) => boolean): Occurrence[] {
  const found = new Map<string, Occurrence>();
  for (const transaction of view.transactions) {
    const { statements } = transaction;
    const [begin] = statements;
    const end = statements[statements.length - 1];
    const reads = statements.slice(1, -1);
    if (begin.housekeeping !== 'begin' || end.housekeeping !== 'end' || reads.length === 0) continue;
    if (begin.batched || end.batched || !reads.every(isPlainRead) || !isIt(transaction)) continue;
    const known = found.get(end.pool);
    found.set(end.pool, {
      kind,
      confidence: 'weak',
      statements: [{ fingerprint: end.fingerprint, source: end.source, role: 'inside' }],
      pools: poolsOf([end]),
      times: 1 + (known?.times ?? 0),
      costNs: costOf([begin, end]) + (known?.costNs ?? 0),
      caller: callerOf(reads[0]),
    });
  }
  return [...found.values()];
}

function isPlainRead({ reads, sqlstate, housekeeping }: UnitStatement): boolean {
  return reads !== '' && sqlstate === '' && housekeeping === '';
}
