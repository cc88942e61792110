// Damages the database of a data directory, as a failing disk does.
// Not here: what is made of it (test/storage/damage.test.ts, test/faults/).

import { closeSync, existsSync, openSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';

/** All pages behind the first, and the log. */
export function damage(data: string): void {
  const database = path.join(data, 'witness.db');
  for (const [name, from] of [
    [database, 4096],
    [`${database}-wal`, 0],
  ] as const) {
    if (!existsSync(name)) continue;
    const file = openSync(name, 'r+');
    const bytes = statSync(name).size - from;
    if (bytes > 0) writeSync(file, Buffer.alloc(bytes, 0x5a), 0, bytes, from);
    closeSync(file);
  }
}
