// Finds what the configuration forbids: writes of readers, and old sources on migrated routes.
// Invariant: without an entry in the configuration nothing is found. One unit is enough.
// Not here: the entries (../views/finding-rules.ts).

import type { FindingKind, Occurrence } from '../../../facts/finding.js';
import { isWrite, TRAITS, type UnitStatement } from '../../../facts/work/unit.js';
import { callerOf } from '../views/caller.js';
import { addTo, type Kind, poolsOf, tableWords } from '../views/kind.js';

export const FORBIDDEN_WRITE: Kind = {
  kind: 'forbidden-write',
  needs: TRAITS.writes,
  unitsToOpen: 1,
  look(view) {
    const { rules, nameOfPool } = view;
    if (!rules.forbidsWrites) return [];
    const found = new Map<string, Occurrence>();
    for (const one of view.own) {
      const isForbidden = isWrite(one) && one.sqlstate === '' && rules.mustOnlyRead(nameOfPool(one.pool), one.source);
      if (isForbidden) addTo(found, occurrenceOf('forbidden-write', one));
    }
    return [...found.values()];
  },
  words: (told) => ({
    title: `A write to ${tableWords(told, 'inside')} from ${told.pools.join(', ')}, which must only read`,
    explanation:
      `A ${told.statements[0].source} statement writes ${tableWords(told, 'inside')}. ` +
      'The configuration says that nothing from there writes (findings.readOnly).',
    nextStep: 'Find the line that sends it, and move the write; or correct the configuration.',
  }),
};

export const FORBIDDEN_SOURCE: Kind = {
  kind: 'forbidden-source',
  unitsToOpen: 1,
  look(view) {
    const { rules } = view;
    const forbidden = rules.isMigrating && view.route !== '' ? rules.forbiddenSources(view.route) : [];
    if (forbidden.length === 0) return [];
    const found = new Map<string, Occurrence>();
    for (const one of view.own) {
      if (forbidden.includes(one.source)) addTo(found, occurrenceOf('forbidden-source', one));
    }
    return [...found.values()];
  },
  words: (told) => ({
    title: `A ${told.statements[0].source} statement on ${tableWords(told, 'inside')}, on a migrated route`,
    explanation:
      `A request runs a ${told.statements[0].source} statement on ${tableWords(told, 'inside')}. ` +
      'The configuration says that its route is migrated (findings.migrated).',
    nextStep: 'Find the line that sends it: an old path of the code is still taken.',
  }),
};

function occurrenceOf(kind: FindingKind, one: UnitStatement): Occurrence {
  return {
    kind,
    confidence: 'strong',
    statements: [{ fingerprint: one.fingerprint, source: one.source, role: 'inside' }],
    pools: poolsOf([one]),
    times: 1,
    costNs: one.serviceNs,
    caller: callerOf(one),
  };
}
