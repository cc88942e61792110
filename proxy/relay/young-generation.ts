// Keeps V8's young generation as small as it starts (1 MiB a half) in the relaying process.
// Why: a relay's objects die at once, so a larger young generation saves nothing. But a burst of logins makes V8
// enlarge it to 16 MiB a half, and touched memory stays resident (`npm run bench -- --only memory` shows the memory of
// connections). A Node without this flag prints a line on stderr and goes on.
// Not here: the old generation, which holds the state of sessions.

import { setFlagsFromString } from 'node:v8';

/** Call it once, at the start. */
export function keepYoungGenerationSmall(): void {
  // V8 reads the factor each time it may enlarge the heap, so it works although the heap exists already.
  setFlagsFromString('--semi-space-growth-factor=1');
}
