// The version of this package, read from its package.json. Not here: versions of the stored schema or of the stream.

import { readFileSync } from 'node:fs';

/** "0.1.0". package.json lies one folder up in the source tree and two up in dist/. */
export function packageVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const text = readFileSync(new URL(path, import.meta.url), 'utf8');
      const content = JSON.parse(text) as { name?: unknown; version?: unknown };
      if (content.name === 'pgwitness' && typeof content.version === 'string') return content.version;
    } catch {
      // Not there: the other layout it is.
    }
  }
  return 'unknown';
}
