// Reads the version of this package from its package.json.
// Not here: versions of the stored schema (storage/migrations) or of the stream (proxy/stream/observation.ts).

import { readFileSync } from 'node:fs';

/** For instance "0.1.0". package.json lies one folder up in the source tree, and two folders up in dist/. */
export function packageVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const text = readFileSync(new URL(path, import.meta.url), 'utf8');
      const content = JSON.parse(text) as { name?: unknown; version?: unknown };
      if (content.name === 'pgwitness' && typeof content.version === 'string') return content.version;
    } catch {
      // Not found: try the other layout.
    }
  }
  return 'unknown';
}
