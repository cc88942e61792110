// Finds failures that tell more than a rate: work done again, code that does not fit the schema.
// Invariant: by the server's SQLSTATE alone. Not here: counting errors (analyzer/rollup/).

import type { Occurrence } from '../../../facts/finding.js';
import { TRAITS, type UnitStatement } from '../../../facts/work/unit.js';
import { callerOf } from '../views/caller.js';
import { addTo, costOf, type Kind, OF_CIRCUMSTANCES, poolsOf, tableWords } from '../views/kind.js';
import { RETRIED } from '../views/unit-view.js';

/** undefined_column, undefined_table, undefined_function, undefined_object. */
const UNDEFINED: ReadonlySet<string> = new Set(['42703', '42P01', '42883', '42704']);

export const RETRIES: Kind = {
  kind: 'retries',
  needs: TRAITS.errors,
  look({ unit }) {
    const found = new Map<string, Occurrence>();
    unit.statements.forEach((failed, at) => {
      if (!RETRIED.has(failed.sqlstate)) return;
      const isDoneAgain = unit.statements.slice(at + 1).some(({ fingerprint }) => fingerprint === failed.fingerprint);
      if (isDoneAgain) addTo(found, occurrenceOf('retries', failed, costOf(transactionBefore(unit.statements, at))));
    });
    return [...found.values()];
  },
  words: (told) => ({
    title: `Work done again after a deadlock or a serialisation failure, on ${tableWords(told, 'inside')}`,
    explanation:
      `A statement on ${tableWords(told, 'inside')} fails because another transaction was in its way, and the request runs it again. ` +
      'What the transaction had done before is done twice, and both transactions waited for each other.',
    nextStep: 'Lock rows in one order everywhere (ORDER BY … FOR UPDATE), or make the transaction shorter.',
  }),
};

export const SCHEMA_DRIFT: Kind = {
  kind: 'schema-drift',
  needs: TRAITS.errors,
  look({ own }) {
    const found = new Map<string, Occurrence>();
    for (const one of own) {
      if (UNDEFINED.has(one.sqlstate)) addTo(found, occurrenceOf('schema-drift', one, one.serviceNs));
    }
    return [...found.values()];
  },
  words: (told) => ({
    title: `A statement on ${tableWords(told, 'inside')} that does not fit the schema`,
    explanation:
      `A statement on ${tableWords(told, 'inside')} names a table, column or function that the database does not have. ` +
      'It fails every time, until the code or the schema changes.',
    nextStep: 'Look for a migration that this code, or this database, does not have yet.',
  }),
};

/** Failures of a statement that never succeeded. */
const FAILURES_MIN = 5;

export const ALWAYS_FAILS: Kind = {
  kind: 'always-fails',
  needs: TRAITS.errors,
  look({ own }) {
    const found = new Map<string, Occurrence>();
    for (const one of own) {
      const { sqlstate } = one;
      if (sqlstate === '' || UNDEFINED.has(sqlstate)) continue;
      if (!OF_CIRCUMSTANCES.test(sqlstate)) addTo(found, occurrenceOf('always-fails', one, one.serviceNs));
    }
    return [...found.values()];
  },
  confirms: ({ calls, errors }) => calls === 0 && errors >= FAILURES_MIN,
  words: (told) => ({
    title: `A statement on ${tableWords(told, 'inside')} that has never succeeded`,
    explanation:
      `A statement on ${tableWords(told, 'inside')} failed every time that it was seen. ` +
      'What it is for does not happen, and its transaction is lost with it.',
    nextStep:
      'Look at its errors (pgwitness show), and mend it; where the failure is expected, ask first or use ON CONFLICT.',
  }),
};

function occurrenceOf(kind: Kind['kind'], failed: UnitStatement, costNs: number): Occurrence {
  return {
    kind,
    confidence: 'strong',
    statements: [{ fingerprint: failed.fingerprint, source: failed.source, role: 'inside' }],
    pools: poolsOf([failed]),
    times: 1,
    costNs,
    caller: callerOf(failed),
  };
}

/** The statements of its transaction up to the one that failed. */
function transactionBefore(statements: readonly UnitStatement[], at: number): UnitStatement[] {
  const { session } = statements[at];
  const lost: UnitStatement[] = [];
  for (let before = at; before >= 0; before--) {
    const one = statements[before];
    if (one.session !== session) continue;
    lost.push(one);
    if (one.transactionBefore === 'I') break;
  }
  return lost;
}
