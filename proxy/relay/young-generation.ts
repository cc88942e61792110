// Keeps V8's young generation as small as it starts (1 MiB a half) in the relaying process.
// Why: what a relay allocates dies at once, so a larger one saves it nothing; but a burst of logins makes V8 enlarge it to 16 MiB a half,
// and what was touched once stays resident (`npm run bench -- --only memory` shows what connections take).
// A Node that does not know the flag says so on stderr and goes on.
// Not here: the old generation, which holds what sessions are.

import { setFlagsFromString } from 'node:v8';

/** To be called once, at the start. */
export function keepYoungGenerationSmall(): void {
  // The factor is read each time V8 thinks of enlarging it, so it holds although the heap is there already.
  setFlagsFromString('--semi-space-growth-factor=1');
}
