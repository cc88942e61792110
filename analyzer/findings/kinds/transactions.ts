// Finds transactions that are left open: idle while the application does other work, or long.
// Invariant: idle time is the pause between two statements of one session while its transaction is open.
// Not here: what runs beside them on other pools (boundary.ts).

import type { Occurrence } from '../../../facts/finding.js';
import { TRAITS, type UnitStatement } from '../../../facts/work/unit.js';
import { callerOf } from '../views/caller.js';
import { addTo, type Kind, poolsOf, tableWords } from '../views/kind.js';
import { isOpen, type UnitView } from '../views/unit-view.js';

const IDLE_MIN_MS = 1_000;
const LONG_MIN_MS = 30_000;
/** A pause that goes on is believed after this: the relay says within two seconds what is in flight. */
const SURE_MS = 2_500;
const NS_PER_MS = 1e6;

export const IDLE_IN_TRANSACTION: Kind = {
  kind: 'idle-in-transaction',
  needs: TRAITS.open,
  isLive: true,
  look(view) {
    const found = new Map<string, Occurrence>();
    const { rules, route } = view;
    for (const { before, idleMs } of pausesOf(view)) {
      const { source } = before;
      if (idleMs < rules.threshold('idle-in-transaction', { route, source }, IDLE_MIN_MS)) continue;
      addTo(found, {
        kind: 'idle-in-transaction',
        confidence: 'strong',
        statements: [{ fingerprint: before.fingerprint, source, role: 'inside' }],
        pools: poolsOf([before]),
        times: 1,
        costNs: idleMs * NS_PER_MS,
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
  needs: TRAITS.open,
  isLive: true,
  look({ transactions, openTransactions, rules, route }) {
    const found = new Map<string, Occurrence>();
    for (const { statements, startMs, endMs } of [...transactions, ...openTransactions]) {
      const first = statements.find(({ housekeeping }) => housekeeping === '') ?? statements[0];
      const { source } = first;
      if (endMs - startMs < rules.threshold('long-transaction', { route, source }, LONG_MIN_MS)) continue;
      addTo(found, {
        kind: 'long-transaction',
        confidence: 'strong',
        statements: [{ fingerprint: first.fingerprint, source, role: 'inside' }],
        pools: poolsOf([first]),
        times: statements.length,
        costNs: (endMs - startMs) * NS_PER_MS,
        caller: callerOf(first),
      });
    }
    return [...found.values()];
  },
  words: (told) => ({
    title: `A long transaction in ${told.pools.join(', ')}, from a statement on ${tableWords(told, 'inside')} on`,
    explanation:
      `One transaction runs ${Math.round(told.timesMean)} statements and stays open for ${LONG_MIN_MS / 1_000} s or more, unless the configuration says otherwise. ` +
      'Its locks are held all the time, and vacuum cannot remove what it may still see.',
    nextStep: 'Cut it into parts that can be committed on their own.',
  }),
};

/** A pause that goes on is as long as it is now. */
function pausesOf({ unit, now }: UnitView): Array<{ before: UnitStatement; idleMs: number }> {
  const last = new Map<string, UnitStatement>();
  const pauses: Array<{ before: UnitStatement; idleMs: number }> = [];
  for (const statement of unit.statements) {
    const before = last.get(statement.session);
    if (before !== undefined && isOpen(before)) {
      pauses.push({ before, idleMs: statement.startMs - before.endMs });
    }
    last.set(statement.session, statement);
  }
  if (now === undefined) return pauses;
  for (const [session, before] of last) {
    if (!now.idleSessions.has(session) || !isOpen(before)) continue;
    const idleMs = now.nowMs - before.endMs;
    if (idleMs >= SURE_MS) pauses.push({ before, idleMs });
  }
  return pauses;
}
