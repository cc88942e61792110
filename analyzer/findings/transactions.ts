// Finds transactions that are left open: idle while the application does other work, or long.
// Invariant: idle time is the pause between two statements of one session while its transaction is open.
// Not here: what runs beside them on other pools (boundary.ts).

import type { Occurrence } from '../../facts/finding.js';
import type { UnitStatement, WorkUnit } from '../../facts/work/unit.js';
import { callerOf, type Kind, poolsOf, tableWords } from './kind.js';
import { isOpen } from './unit-view.js';

const IDLE_MIN_MS = 1_000;
const LONG_MIN_MS = 30_000;
const NS_PER_MS = 1e6;

export const IDLE_IN_TRANSACTION: Kind = {
  kind: 'idle-in-transaction',
  look({ unit }) {
    const found = new Map<string, Occurrence>();
    for (const { before, idleMs } of pausesOf(unit)) {
      if (idleMs < IDLE_MIN_MS) continue;
      const known = found.get(before.fingerprint);
      found.set(before.fingerprint, {
        kind: 'idle-in-transaction',
        confidence: 'strong',
        statements: [{ fingerprint: before.fingerprint, source: before.source, role: 'inside' }],
        pools: poolsOf([before]),
        times: (known?.times ?? 0) + 1,
        costNs: (known?.costNs ?? 0) + idleMs * NS_PER_MS,
        caller: callerOf(before),
      });
    }
    return [...found.values()];
  },
  words: (told) => ({
    title: `Idle in transaction in ${told.pools.join(', ')}, after a statement on ${tableWords(told, 'inside')}`,
    explanation:
      'A transaction stays open for a second or more while its connection sends nothing. ' +
      'Its locks are held, vacuum cannot remove what it may still see, and the connection serves nobody.',
    nextStep:
      'End the transaction before the slow part (a call to another service, a file, a sleep), or begin it after.',
  }),
};

export const LONG_TRANSACTION: Kind = {
  kind: 'long-transaction',
  look({ transactions }) {
    return transactions
      .filter(({ startMs, endMs }) => endMs - startMs >= LONG_MIN_MS)
      .map(({ statements, startMs, endMs }) => {
        const first = statements.find(({ housekeeping }) => housekeeping === '') ?? statements[0];
        return {
          kind: 'long-transaction',
          confidence: 'strong',
          statements: [{ fingerprint: first.fingerprint, source: first.source, role: 'inside' }],
          pools: poolsOf([first]),
          times: statements.length,
          costNs: (endMs - startMs) * NS_PER_MS,
          caller: callerOf(first),
        };
      });
  },
  words: (told) => ({
    title: `A transaction of over ${LONG_MIN_MS / 1_000} s in ${told.pools.join(', ')}, from a statement on ${tableWords(told, 'inside')} on`,
    explanation:
      `One transaction runs ${Math.round(told.timesMean)} statements and stays open for over ${LONG_MIN_MS / 1_000} s. ` +
      'Its locks are held all the time, and vacuum cannot remove what it may still see.',
    nextStep: 'Cut it into parts that can be committed on their own.',
  }),
};

function pausesOf(unit: WorkUnit): Array<{ before: UnitStatement; idleMs: number }> {
  const last = new Map<string, UnitStatement>();
  const pauses: Array<{ before: UnitStatement; idleMs: number }> = [];
  for (const statement of unit.statements) {
    const before = last.get(statement.session);
    if (before !== undefined && isOpen(before)) {
      pauses.push({ before, idleMs: statement.startMs - before.endMs });
    }
    last.set(statement.session, statement);
  }
  return pauses;
}
