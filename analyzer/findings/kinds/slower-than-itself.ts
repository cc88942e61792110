// Finds statements that have become slower: many executions are among what was their slowest 2.3 %.
// Invariant: it has a past of half an hour at least; a slot in which much became slower is the machine's, and nothing
// is told of it (../statement-histories.ts). Not here: slow statements (reports/).

import { CHANCE_LN_MAX, chanceLn } from '../views/chance.js';
import type { Kind } from '../views/kind.js';
import { tableWords } from '../views/kind.js';
import { hasPast } from '../views/statement-slot.js';

const TIMED_MIN = 50;
/** By definition, of a statement that is as it was. */
const SLOW_SHARE = 0.023;
const SHARE_MIN = 0.2;
/** Beyond it the larger part is slower than nearly all were. */
const SHARE_SURE = 0.5;
const FACTOR_MIN = 1.5;
/** Less is nothing that anybody waits for: of all executions in the slot. */
const LOST_NS_MIN = 100e6;

export const SLOWER_THAN_ITSELF: Kind = {
  kind: 'slower-than-itself',
  look: () => [],
  lookOverTime(slot) {
    const { timed, slow, executions, serviceNs, before, fingerprint, source, pools } = slot;
    if (timed < TIMED_MIN || before.timed < TIMED_MIN || !hasPast(slot)) return undefined;
    const share = slow / timed;
    const lostNs = serviceNs - (before.serviceNs / before.executions) * executions;
    if (share < SHARE_MIN || lostNs < LOST_NS_MIN || serviceNs < FACTOR_MIN * (serviceNs - lostNs)) return undefined;
    if (chanceLn({ times: slow, all: timed, share: SLOW_SHARE }) > CHANCE_LN_MAX) return undefined;
    return {
      kind: 'slower-than-itself',
      confidence: share >= SHARE_SURE ? 'strong' : 'weak',
      statements: [{ fingerprint, source, role: 'inside' }],
      pools,
      times: slow,
      costNs: lostNs,
      caller: '',
    };
  },
  words: (told) => ({
    title: `A statement on ${tableWords(told, 'inside')} that has become slower`,
    explanation:
      `Within five minutes ${Math.round(told.timesMean)} executions of a statement on ${tableWords(told, 'inside')} took longer than 97.7 % of the earlier ones, and the others of the application did not. ` +
      'Its plan, its table or its locks have changed.',
    nextStep:
      'Compare with the time before (pgwitness compare, history), and look at its plan: an index that is gone, statistics that are old, a table that has grown.',
  }),
};
