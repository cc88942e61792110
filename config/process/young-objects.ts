// Has V8 make every object in the young generation, in the observing process.
// Why: executions wait until their session is settled, and V8 learns from the first ones that executions live long.
// Then it makes each in the old generation ever after, where only a whole collection frees it: up to a third of what
// a statement costs. A Node without this flag prints a line on stderr and goes on.
// Not here: the size of the young generation (proxy/link/observer-process.ts, proxy/relay/young-generation.ts).

import { setFlagsFromString } from 'node:v8';

/** Call it once, at the start. */
export function makeObjectsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
