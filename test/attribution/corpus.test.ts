// Rates on recorded, labelled traffic, as a confusion table, with the floors that were reached.
// The corpus is no part of the repository: PGWITNESS_CORPUS names its folder, else ../shared/corpus beside the
// checkout is tried.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { attributeLines } from '../../analyzer/attribution/attribute-lines.js';
import { UserRules } from '../../analyzer/attribution/rules/rule-user.js';
import { Fingerprinter } from '../../analyzer/fingerprint/fingerprint.js';
import { factsOf } from '../../analyzer/texts/facts-of-text.js';
import { loadLineReader } from '../../analyzer/texts/line-reader.js';
import { shape } from './shape.js';

const read = await loadLineReader(new UserRules([]));

// Tens of thousands of texts, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 240_000 });

const folder = process.env.PGWITNESS_CORPUS ?? resolve(import.meta.dirname, '../../../shared/corpus');
const present = existsSync(join(folder, 'sessions.jsonl.gz'));
const where = present ? folder : `skipped: no sessions.jsonl.gz in ${folder}, set PGWITNESS_CORPUS`;

interface Row {
  session?: string;
  sql: string;
  label: string;
}

interface Judged extends Row {
  source: string;
  construct: string;
  confidence: string;
}

/** Nothing but SELECT 1: housekeeping here, whoever sent it, for there is nothing in it to rewrite. */
const PING = /^\s*select 1\s*;?\s*$/i;

function rowsOf(name: string): Row[] {
  const text = gunzipSync(readFileSync(join(folder, `${name}.jsonl.gz`))).toString('utf8');
  const rows = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row]));
  return rows.map((row) => (PING.test(row.sql) && row.label !== 'skip' ? { ...row, label: 'housekeeping' } : row));
}

function judge(rows: readonly Row[]): Judged[] {
  return attributeLines(
    rows.map((row, index) => JSON.stringify({ session: String(index), ...row })),
    { read },
  ).map((result) => {
    if ('error' in result) throw new Error(result.error.message);
    return result.output as unknown as Judged;
  });
}

const SAID = ['django-orm', 'raw', 'sqlalchemy', 'housekeeping', 'tool', 'unknown'] as const;

/** A confusion table in Markdown: labels down, answers across. */
function confusion(judged: readonly Judged[]): string {
  const labels = [...new Set(judged.map(({ label }) => label))].sort();
  const rows = labels.map((label) => {
    const of = judged.filter((row) => row.label === label);
    const cells = SAID.map((source) => of.filter((row) => row.source === source).length || '');
    return `| ${label} | ${cells.join(' | ')} |`;
  });
  const head = [`| sent by | ${SAID.join(' | ')} |`, `|---|${SAID.map(() => '--:|').join('')}`];
  return [...head, ...rows].join('\n');
}

const percent = (wrong: readonly unknown[], all: readonly unknown[]) =>
  `${(Math.floor((1 - wrong.length / all.length) * 10_000) / 100).toFixed(2)} %`;

const tables: string[] = [];

/** Labels of single texts, as the source they should get; those left out are not counted. */
const EXPECTED: Readonly<Record<string, string>> = {
  'django-orm': 'django-orm',
  raw: 'raw',
  'sqlalchemy-orm': 'sqlalchemy',
  'sqlalchemy-core': 'sqlalchemy',
};

/** By hand, but letter for letter what the ORM writes: nothing on the wire tells them apart. */
const FORGERIES = new Set([
  'SELECT "shop_author"."id", "shop_author"."name" FROM "shop_author"',
  'SELECT COUNT(*) AS "__count" FROM "shop_author"',
]);

describe.skipIf(!present)(`recorded traffic (${where})`, () => {
  test('with the connection: at least 99.3 % right, all but forgeries 99.7 %, none wrong and certain', () => {
    const judged = judge(rowsOf('sessions')).filter(({ label }) => label !== 'skip');
    const wrong = judged.filter((row) => row.source !== row.label);
    const told = `**With the connection**: ${percent(wrong, judged)} of ${judged.length} statements of sessions are right.`;
    tables.push(`${told}\n\n${confusion(judged)}`);
    console.log(tables.at(-1));
    const unforged = wrong.filter((row) => !FORGERIES.has(row.sql));
    expect(wrong.filter(({ confidence }) => confidence === 'certain')).toEqual([]);
    expect(1 - wrong.length / judged.length).toBeGreaterThanOrEqual(0.993);
    expect(1 - unforged.length / judged.length).toBeGreaterThanOrEqual(0.997);
  });

  test('by the text alone: at least 98.9 % of distinct texts right, none wrong and certain', () => {
    const distinct = new Map<string, Row>();
    for (const name of ['django', 'sqlalchemy', 'raw'])
      for (const row of rowsOf(name)) if (!distinct.has(row.sql)) distinct.set(row.sql, row);
    const judged = judge([...distinct.values()].map(({ sql, label }) => ({ sql, label })));
    const counted = judged.filter(({ label }) => label in EXPECTED);
    const wrong = counted.filter((row) => row.source !== EXPECTED[row.label]);
    const told = `**By the text alone**: ${percent(wrong, counted)} of ${counted.length} distinct texts labelled ORM, Core and raw are right.`;
    tables.push(`${told}\n\n${confusion(judged)}`);
    console.log(tables.at(-1));
    expect(wrong.filter(({ confidence }) => confidence === 'certain')).toEqual([]);
    expect(1 - wrong.length / counted.length).toBeGreaterThanOrEqual(0.989);
  });

  test('no text is judged by the form of another one with its fingerprint', async () => {
    const fingerprinter = await Fingerprinter.load({ analyse: factsOf, readsTokens: () => true });
    const others: string[] = [];
    for (const name of ['django', 'sqlalchemy', 'raw', 'sessions'])
      for (const { sql } of rowsOf(name)) {
        const { facts } = fingerprinter.identify(Buffer.from(sql), { backslashEscapes: false, missingBytes: 0 });
        if (!facts.shape.readsFolded && facts.shape !== shape(sql)) others.push(sql);
      }
    expect(others).toEqual([]);
  });

  test('docs/ATTRIBUTION.md has these tables; PGWITNESS_WRITE_DOCS=1 writes them', () => {
    const file = resolve(import.meta.dirname, '../../docs/ATTRIBUTION.md');
    const [before, after] = ['<!-- tables -->\n', '<!-- end of tables -->'];
    const text = readFileSync(file, 'utf8');
    const [start, end] = [text.indexOf(before) + before.length, text.indexOf(after)];
    const made = `${tables.join('\n\n')}\n`;
    if (process.env.PGWITNESS_WRITE_DOCS === '1') writeFileSync(file, text.slice(0, start) + made + text.slice(end));
    else expect(text.slice(start, end)).toBe(made);
  });
});
