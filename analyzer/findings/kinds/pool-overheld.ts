// Finds pools that hold many more connections than they ever use at once.
// Invariant: a pool is judged by a slot of six hours, nearly all of which was seen, and proven by a whole day of them:
// nights are quiet everywhere. Not here: keeping the slots (../pool-histories.ts).

import type { Kind } from '../views/kind.js';

const MINUTES_MIN = 300;
const HELD_MIN = 5;
/** Of those it holds at least, it uses this share at most. */
const USED_SHARE_MAX = 1 / 3;
/** Slots in a row: a day. */
const SLOTS_SURE = 4;

export const POOL_OVERHELD: Kind = {
  kind: 'pool-overheld',
  look: () => [],
  lookAtPool({ pool, minutes, heldMin, usedMax, alikeBefore }) {
    if (minutes < MINUTES_MIN || heldMin < HELD_MIN || usedMax === 0 || usedMax > heldMin * USED_SHARE_MAX)
      return undefined;
    return {
      kind: 'pool-overheld',
      confidence: alikeBefore + 1 >= SLOTS_SURE ? 'strong' : 'weak',
      statements: [],
      pools: [pool],
      times: heldMin - usedMax,
      costNs: 0,
      caller: '',
    };
  },
  words: (told) => ({
    title: `${Math.round(told.timesMean)} connections too many in ${told.pools.join(', ')}`,
    explanation:
      `For six hours this pool held at least ${Math.round(told.timesMean)} connections more than it ever used within one second (for a statement or a transaction), three times as many as it needs. ` +
      'Each is a process of the server, and takes a place under max_connections that others may lack.',
    nextStep:
      'Make the pool smaller (pool_size, max_size), or let it close what is idle (pool_recycle, max_idle, CONN_MAX_AGE); pgwitness pools shows what it uses.',
  }),
};
