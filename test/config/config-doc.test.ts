// docs/CONFIGURATION.md agrees with the options, and its example is accepted.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { configDoc } from '../../config/config-doc.js';
import { parseConfig } from '../../config/config-file.js';

test('the file is up to date: node scripts/config-doc.mjs writes it', () => {
  const file = path.join(import.meta.dirname, '..', '..', 'docs', 'CONFIGURATION.md');
  expect(readFileSync(file, 'utf8')).toBe(configDoc());
});

test('its example is good', () => {
  const example = /```yaml\n(.*?)```/s.exec(configDoc())?.[1] ?? '';
  const { lists, values } = parseConfig(example, 'example.yaml');
  expect(lists.rules).toHaveLength(4);
  expect(values.get('upstream')?.text).toBe('db.internal:5432');
});
