// Exports of the product: each is used by another file.
// Values must be imported somewhere; a type may also be part of what its own file exports.
// Not here: code that is used nowhere at all (the compiler finds it).

import path from 'node:path';
import { expect, test } from 'vitest';
import { PRODUCT, SOURCES, textOf } from './sources.js';
import { codeOf } from './syntax.js';

const EXPORT = /^export (?:async |abstract )*(function\*?|const|let|class|interface|type|enum) ([\w$]+)/gm;

/** Files that name each file in an import, static or dynamic, of a build or of a type in a comment. */
const users = new Map<string, string[]>();
for (const user of SOURCES) {
  for (const [, specifier] of textOf(user).matchAll(/['"`](\.{1,2}\/[^'"`\s]+\.(?:js|mjs|ts|tsx))['"`]/g)) {
    const target = path
      .join(path.dirname(user), specifier)
      .replace(/^dist\//, '')
      .replace(/\.\w+$/, '');
    users.set(target, [...(users.get(target) ?? []), user]);
  }
}

function usedElsewhere(file: string, name: string): boolean {
  const word = new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`);
  const known = users.get(file.replace(/\.\w+$/, '')) ?? [];
  return known.some((user) => user !== file && word.test(textOf(user)));
}

function timesNamed(file: string, name: string): number {
  return codeOf(file).split(new RegExp(`(?<![\\w$])${name}(?![\\w$])`)).length - 1;
}

test('what is exported is imported', () => {
  const idle = PRODUCT.flatMap((file) =>
    [...codeOf(file).matchAll(EXPORT)]
      .filter(([, kind, name]) => {
        const ownUse = (kind === 'interface' || kind === 'type') && timesNamed(file, name) > 1;
        return !ownUse && !usedElsewhere(file, name);
      })
      .map(([, , name]) => `${file}: ${name}`),
  );
  expect(idle).toEqual([]);
});
