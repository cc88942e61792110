// Warns at a start when a crash could leave a core file with memory in it.
// Not here: what is done against it (config/process/core-dumps.ts).

import type { Log } from '../../config/log.js';
import { ownCoreRisk } from '../../config/process/core-dumps.js';

export function warnOfCoreFiles(log: Log): void {
  const reason = ownCoreRisk();
  if (reason === undefined) return;
  log.warn('a core file of this process would hold literals of statements; start it with ulimit -c 0', { reason });
}
