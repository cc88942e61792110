// Every version's recorded traffic, with the labels of the processes that sent it.
// docs/ATTRIBUTION.md has the table; PGWITNESS_WRITE_DOCS=1 writes it.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { isRightConstruct, isRightSource, type JudgedLine, judge } from './judged.js';
import type { LabelledLine } from './labelled-traffic.js';
import { KNOWN, RECORDING } from './recorded.js';
import { nameOf } from './run.js';
import { ENVIRONMENTS } from './versions.js';

vi.setConfig({ testTimeout: 240_000 });

const DOCS = path.join(ROOT, 'docs', 'ATTRIBUTION.md');
const RUNS = ENVIRONMENTS.flatMap((environment) => environment.runs.map((run) => nameOf(environment, run)));

const lines = gunzipSync(readFileSync(RECORDING))
  .toString('utf8')
  .split('\n')
  .flatMap((text) => (text === '' ? [] : [JSON.parse(text) as LabelledLine]));
const judged = judge(lines);
const ofRun = (name: string) => judged.filter(({ session }) => session.startsWith(`${name}#`));
const isKnown = ({ sql }: LabelledLine) => KNOWN.some((known) => known.test(sql));
const wrongSource = (of: readonly JudgedLine[]) => of.filter((line) => !isRightSource(line.label, line));
const wrongConstruct = (of: readonly JudgedLine[]) =>
  of.filter((line) => isRightSource(line.label, line) && !isRightConstruct(line.label, line));
const shown = (of: readonly JudgedLine[]) => [
  ...new Set(
    of.map(({ label, source, construct, confidence, sql }) => `${label}: ${source}:${construct} ${confidence}: ${sql}`),
  ),
];

test.each(RUNS)('%s: every statement has the source that sent it', (name) => {
  const of = ofRun(name);
  expect(of.length).toBeGreaterThan(10);
  expect(shown(wrongSource(of).filter((line) => !isKnown(line)))).toEqual([]);
  expect(shown(wrongConstruct(of).filter((line) => !isKnown(line)))).toEqual([]);
});

test('99.9 % have the right source, wrong and strong is under 0.05 %, and nothing is certain', () => {
  const wrong = wrongSource(judged);
  expect(judged.length).toBeGreaterThan(15_000);
  expect(wrong.length / judged.length).toBeLessThan(0.001);
  expect(wrong.filter(({ confidence }) => confidence === 'strong').length / judged.length).toBeLessThan(0.0005);
  expect(judged.filter(({ confidence }) => confidence === 'certain')).toEqual([]);
});

test('most of what libraries send is strong', () => {
  const generated = judged.filter(({ label }) => /^(?:django-orm|sqlalchemy):/.test(label));
  const strong = generated.filter(({ confidence }) => confidence === 'strong');
  expect(strong.length / generated.length).toBeGreaterThan(0.98);
});

test('docs/ATTRIBUTION.md has the table', () => {
  const text = readFileSync(DOCS, 'utf8');
  const [before, after] = ['<!-- matrix -->\n', '<!-- end of matrix -->'];
  const [start, end] = [text.indexOf(before) + before.length, text.indexOf(after)];
  const made = `${table()}\n`;
  if (process.env.PGWITNESS_WRITE_DOCS === '1') writeFileSync(DOCS, text.slice(0, start) + made + text.slice(end));
  else expect(text.slice(start, end)).toBe(made);
});

function table(): string {
  const row = (name: string, of: readonly JudgedLine[]) => {
    const weak = of.filter(({ confidence }) => confidence === 'weak').length;
    const strongWrong = wrongSource(of).filter(({ confidence }) => confidence === 'strong').length;
    const cells = [of.length, wrongSource(of).length, strongWrong, wrongConstruct(of).length, weak];
    return `| ${name} | ${cells.join(' | ')} |`;
  };
  const head =
    '| run | statements | wrong source | of them strong | wrong construct | weak |\n|---|--:|--:|--:|--:|--:|';
  return [head, ...RUNS.map((name) => row(name, ofRun(name))), row('all', judged)].join('\n');
}
