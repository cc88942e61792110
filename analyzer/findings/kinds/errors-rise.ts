// Finds statements that fail far more often than they did before.
// Invariant: it has a past of half an hour at least, and the rise is no chance (p < 1e-6); nothing is told of a slot in
// which much fails, nor of failures of circumstances (../statement-histories.ts). Not here: statements that never
// succeeded (failures.ts).

import { CHANCE_LN_MAX, chanceLn } from '../views/chance.js';
import type { Kind } from '../views/kind.js';
import { tableWords } from '../views/kind.js';
import { errorsBefore, hasPast, hasRisen } from '../views/statement-slot.js';

const EXECUTIONS_MIN = 20;
const ERRORS_MIN = 10;

export const ERRORS_RISE: Kind = {
  kind: 'errors-rise',
  unitsToOpen: 1,
  look: () => [],
  lookOverTime(slot) {
    const { executions, errors, fingerprint, source, pools } = slot;
    if (errors < ERRORS_MIN || executions < EXECUTIONS_MIN || !hasPast(slot) || !hasRisen(slot)) return undefined;
    if (chanceLn({ times: errors, all: executions, share: errorsBefore(slot) }) > CHANCE_LN_MAX) return undefined;
    return {
      kind: 'errors-rise',
      confidence: 'strong',
      statements: [{ fingerprint, source, role: 'inside' }],
      pools,
      times: errors,
      costNs: (slot.serviceNs / executions) * errors,
      caller: '',
    };
  },
  words: (told) => ({
    title: `A statement on ${tableWords(told, 'inside')} that fails more often than before`,
    explanation:
      `Of the executions of a statement on ${tableWords(told, 'inside')} at least 1 in 20 fails within five minutes, five times the share of before or more. ` +
      'That is no chance, so something has changed.',
    nextStep:
      'Look at its errors (pgwitness show), and at what was deployed or migrated shortly before they began (pgwitness compare).',
  }),
};
