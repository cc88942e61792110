// Sections of docs/BENCHMARKS.md that commands write, beside what people wrote there.

import { expect, test } from 'vitest';
import { withSection } from '../../bench/lib/document.mjs';

const section = (name: string, text: string) => `<!-- ${name} -->\n${text}\n<!-- end ${name} -->\n`;
const DOCUMENT = `# Head\n\n${section('bench', 'old')}\nWords of a person.\n\n${section('soak', 'kept')}`;

test('a section is replaced where it stands, and what stands beside it stays', () => {
  expect(withSection(DOCUMENT, 'bench', section('bench', 'new'))).toBe(DOCUMENT.replace('old', 'new'));
});

test('a section without an end is told, and nothing is lost', () => {
  const cut = DOCUMENT.replace('<!-- end bench -->', '');
  expect(() => withSection(cut, 'bench', section('bench', 'new'))).toThrow('"bench" has no line "<!-- end bench -->"');
});

test('a new section stands before those that follow it', () => {
  const added = withSection(DOCUMENT, 'flat', section('flat', 'new'));
  expect(added).toBe(DOCUMENT.replace('<!-- soak', `${section('flat', 'new')}\n<!-- soak`));
});

test('the last of all stands at the end', () => {
  expect(withSection(DOCUMENT, 'relays', section('relays', 'new'))).toBe(`${DOCUMENT}\n${section('relays', 'new')}`);
});
