// The documentation: its links resolve, and the pages of the house can be read in a terminal.
// Not here: links to other hosts, generated pages (test/config, test/metrics).

import path from 'node:path';
import { expect, test } from 'vitest';
import { FILES, textOf } from './sources.js';

const DOCUMENTS = FILES.filter((file) => file.endsWith('.md'));

const withoutCode = (text: string) => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');

/** The name of a heading's place, as code hosts make it. */
function anchorOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(file: string): Set<string> {
  const headings = textOf(file)
    .replace(/^```[\s\S]*?^```/gm, '')
    .matchAll(/^#{1,6} (.+)$/gm);
  return new Set([...headings].map(([, heading]) => anchorOf(heading.trim())));
}

test('every link resolves', () => {
  const broken: string[] = [];
  for (const document of DOCUMENTS) {
    for (const [, link] of withoutCode(textOf(document)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [target, anchor] = link.split('#', 2);
      const file = target === '' ? document : path.join(path.dirname(document), target).replace(/\/$/, '');
      const isThere = FILES.includes(file) || FILES.some((known) => known.startsWith(`${file}/`));
      if (!isThere || (anchor !== undefined && !anchorsOf(file).has(anchor))) broken.push(`${document}: ${link}`);
    }
  }
  expect(broken).toEqual([]);
});

test('every document is reached from docs/README.md, and it from the README', () => {
  const INDEX = 'docs/README.md';
  const linkedFrom = (document: string): string[] =>
    [...withoutCode(textOf(document)).matchAll(/\]\(([^)#\s]+)/g)].map(([, link]) =>
      path.join(path.dirname(document), link),
    );
  expect(linkedFrom('README.md')).toContain(INDEX);
  // At once: a page that only another page leads to is found by nobody who looks for it.
  const named = new Set([INDEX, ...linkedFrom(INDEX)]);
  expect(DOCUMENTS.filter((file) => !named.has(file))).toEqual([]);
});

const COLUMNS_MAX = 140;

test.each(['docs/ARCHITECTURE.md', 'docs/GLOSSARY.md', 'docs/HACKING.md'])(
  `%s has no line over ${COLUMNS_MAX} columns`,
  (file) => {
    const lines = textOf(file).split('\n');
    expect(lines.filter((line) => [...line].length > COLUMNS_MAX)).toEqual([]);
  },
);

test('files that ARCHITECTURE and HACKING name exist', () => {
  const named = ['docs/ARCHITECTURE.md', 'docs/HACKING.md'].flatMap((document) =>
    [...textOf(document).matchAll(/`([\w./-]+\.(?:tsx?|mjs))`/g)]
      .map(([, name]) => ({ document, name }))
      // In recipes NAME stands for the new one.
      .filter(({ name }) => !name.includes('NAME')),
  );
  const missing = named.filter(({ name }) => !FILES.some((file) => file === name || file.endsWith(`/${name}`)));
  expect(missing).toEqual([]);
});
