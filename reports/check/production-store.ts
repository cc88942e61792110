// Judges a store of production as those of staging are: losses, gaps, sessions past its sidecar.
// Invariant: nothing that is a doubt in staging is none in production. Not here: its statements (production.ts).

import { bypassDoubts, doubtsOfWindow, unwatchedDoubts } from './doubts.js';
import type { ProductionFacts } from './facts.js';
import { lostOf } from './lost.js';
import type { AskedNone, Found } from './rule.js';

export function productionStoreOf({ name, store }: ProductionFacts, { condition, inForce }: AskedNone): Found {
  if (store === undefined) return { failures: [], excused: [], doubts: [] };
  const lost = lostOf(store, condition, inForce);
  const past = bypassDoubts({ bypass: undefined, watched: store.watched }, inForce);
  const named = <Said extends { readonly what: string }>(all: readonly Said[]): Said[] =>
    all.map((one) => ({ ...one, what: `production (${name}): ${one.what}` }));
  return {
    failures: named(lost.failures),
    excused: named([...lost.excused, ...past.excused]),
    doubts: named([
      ...doubtsOfWindow(store),
      ...lost.doubts,
      ...unwatchedDoubts({ ...store, isRun: false }),
      ...past.doubts,
    ]),
  };
}
