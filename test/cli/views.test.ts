// Tables, numbers and views as text, at every width.

import { describe, expect, test } from 'vitest';
import { bytes, count, duration, share, span } from '../../cli/terminal/format.js';
import { coloured, oneLine, screenOf, severalLines, styled, wrapped } from '../../cli/terminal/output.js';
import { type Column, renderTable, textWidth } from '../../cli/terminal/table.js';
import { poolsText } from '../../cli/views/pools.js';
import { statementText } from '../../cli/views/show.js';
import { hiddenFor, topText } from '../../cli/views/top.js';
import { reportPools } from '../../reports/pools.js';
import { answerStatements } from '../../reports/questions/answer-statements.js';
import { readStatementsQuery } from '../../reports/questions/grammar.js';
import { reportSamples } from '../../reports/samples.js';
import { reportTimeline } from '../../reports/timeline.js';
import { openTestReader, temporaryDirectory } from '../storage/flushes.js';
import { RAW, writeEmptyStore, writeSampleStore } from './sample-store.js';

const PLAIN = { width: 160, colours: false };

interface Row {
  name: string;
  calls: number;
  query: string;
}

const COLUMNS: Column<Row>[] = [
  { title: 'name', cell: (row) => row.name },
  { title: 'calls', align: 'right', dropOrder: 1, cell: (row) => String(row.calls) },
  { title: 'query', flexible: true, cell: (row) => row.query },
];

describe('table', () => {
  const rows = [
    { name: 'a', calls: 5, query: 'SELECT 1' },
    { name: 'bcd', calls: 12_345, query: 'SELECT title FROM shop_book WHERE id = $1 AND name = $2' },
  ];

  test('columns are as wide as they need', () => {
    expect(renderTable(rows, COLUMNS, PLAIN).split('\n')).toEqual([
      'name  calls  query',
      'a         5  SELECT 1',
      'bcd   12345  SELECT title FROM shop_book WHERE id = $1 AND name = $2',
    ]);
  });

  test.each([80, 60, 45, 40, 32])('no line is wider than %i columns', (width) => {
    const lines = renderTable(rows, COLUMNS, { width, colours: false }).split('\n');
    expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(width);
    expect(lines[2].endsWith(width === 80 ? '$2' : '…')).toBe(true);
  });

  test('columns go before the flexible one gets too narrow', () => {
    expect(renderTable(rows, COLUMNS, { width: 32, colours: false }).split('\n')[0]).toBe('name  query');
  });

  test('wide characters take two columns, combining marks none', () => {
    expect(textWidth('日本')).toBe(4);
    expect(textWidth('e\u0301')).toBe(1);
    expect(textWidth('\u001b[1mab\u001b[22m')).toBe(2);
    const lines = renderTable([{ name: '日本', calls: 1, query: 'x' }], COLUMNS, PLAIN).split('\n');
    expect(lines[1]).toBe('日本      1  x');
  });
});

describe('terminal', () => {
  const terminal = { isTTY: true, columns: 90 } as NodeJS.WriteStream;

  test.each([
    [terminal, {}, { width: 90, colours: true }],
    [terminal, { NO_COLOR: '1' }, { width: 90, colours: false }],
    [terminal, { NO_COLOR: '' }, { width: 90, colours: true }],
    [terminal, { TERM: 'dumb' }, { width: 90, colours: false }],
    [{} as NodeJS.WriteStream, {}, { width: 160, colours: false }],
    [{} as NodeJS.WriteStream, { COLUMNS: '100' }, { width: 100, colours: false }],
  ])('%j with %j is %j', (stream, env, expected) => {
    expect(screenOf(stream, env)).toEqual(expected);
  });

  test('style is written only where colours are on', () => {
    expect(styled('x', { style: 'bold', screen: PLAIN })).toBe('x');
    expect(styled('x', { style: 'bold', screen: { width: 9, colours: true } })).toBe('\u001b[1mx\u001b[22m');
  });

  test('control characters from traffic cannot steer it', () => {
    expect(oneLine('a\n\tb\u001b]0;x\u0007\u009b')).toBe('a b\\u001b]0;x\\u0007\\u009b');
    expect(severalLines('a\tb\r\nc\u001b', '  ')).toBe('  a  b\n  c\\u001b');
  });
});

test('long lines break between words, and a long word stays whole', () => {
  expect(wrapped('  name        one two three', { width: 20, indent: '    ' })).toEqual([
    '  name        one',
    '    two three',
  ]);
  expect(wrapped('a-word-of-26-characters-long x', { width: 10 })).toEqual(['a-word-of-26-characters-long', 'x']);
});

test('a source has its colour on a terminal, and none elsewhere', () => {
  expect(coloured('raw/cursor', { source: 'raw', screen: PLAIN })).toBe('raw/cursor');
  const screen = { width: 80, colours: true };
  expect(coloured('raw', { source: 'raw', screen })).not.toBe(coloured('raw', { source: 'django-orm', screen }));
});

describe('numbers for people', () => {
  test.each([
    [0.00085, '1 µs'],
    [0.85, '850 µs'],
    [0.9999, '1.00 ms'],
    [12.34, '12.3 ms'],
    [999.9, '1.00 s'],
    [4_560, '4.56 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 05 min'],
    [null, '–'],
  ])('%s ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  test('counts, shares, sizes and spans', () => {
    expect([count(0), count(999), count(1_234_567)]).toEqual(['0', '999', '1,234,567']);
    expect([share(0, 0), share(1, 3), share(1, 20), share(1, 1e6), share(0, 9)]).toEqual([
      '0 %',
      '33 %',
      '5.0 %',
      '< 0.1 %',
      '0 %',
    ]);
    expect([bytes(0), bytes(1_023), bytes(1_536), bytes(2 ** 31)]).toEqual(['0 B', '1023 B', '1.50 KiB', '2.00 GiB']);
    const start = Date.UTC(2026, 0, 31, 23, 50);
    expect(span(start, start + 300_000)).toBe('2026-01-31 23:50 – 23:55 UTC (5 min)');
    expect(span(start, start + 900_000)).toBe('2026-01-31 23:50 – 2026-02-01 00:05 UTC (15 min)');
  });
});

describe('reports as text', () => {
  function top(flags: string, options: { all?: boolean; width?: number } = {}): string {
    const data = temporaryDirectory();
    writeSampleStore(data);
    const query = readStatementsQuery(new URLSearchParams(flags), { nowMs: 0 });
    const hidden = hiddenFor({ query, all: options.all ?? false });
    const report = answerStatements(openTestReader(data), { ...query, hidden });
    const screen = { width: options.width ?? 160, colours: false };
    return topText(report, { query, all: options.all ?? false, json: false, read: data, screen });
  }

  test('a header says what was and was not observed', () => {
    expect(top('').split('\n')[0]).toBe(
      '2026-03-01 00:00 – 00:01 UTC (1 min) · 13 executions observed · 2 not observed (queue_full 2) · 0 % of unknown source',
    );
  });

  test('housekeeping folds into a line unless all is asked for', () => {
    expect(top('')).toContain('housekeeping: 1 statement, 4 executions');
    expect(top('')).not.toContain('BEGIN');
    expect(top('', { all: true })).toContain('BEGIN');
    expect(top('source=housekeeping')).toContain('BEGIN');
  });

  test('rows beyond the limit are summed up', () => {
    expect(top('limit=1')).toContain('3 more statements, 5 executions, 9.00 ms (5.7 %): --limit 0 shows all');
  });

  test('what it is sorted by stays on a narrow screen', () => {
    expect(top('sort=p99', { width: 60 })).toMatch(/^executions.*p99↓/m);
  });

  test('filters that fit nothing say so', () => {
    expect(top('source=celery')).toContain('No statement fits these filters.');
  });

  test('an empty store says what to do', () => {
    const data = temporaryDirectory();
    writeEmptyStore(data);
    const reader = openTestReader(data);
    const query = readStatementsQuery(new URLSearchParams(), { nowMs: 0 });
    const options = { query, all: false, json: false, read: data, screen: PLAIN };
    expect(topText(answerStatements(reader, query), options)).toMatch(
      /^Nothing observed yet in .*\.\nLet the application connect/,
    );
    expect(poolsText(reportPools(reader), { read: data, screen: PLAIN, findings: [] })).toMatch(
      /^No pool observed yet/,
    );
  });

  test('show keeps the lines of a query', () => {
    const data = temporaryDirectory();
    writeSampleStore(data);
    const query = readStatementsQuery(new URLSearchParams(), { nowMs: 0 });
    const report = answerStatements(openTestReader(data), { ...query, filter: { fingerprint: RAW } });
    const reader = openTestReader(data);
    const background = {
      samples: reportSamples(reader, RAW),
      timeline: reportTimeline(reader, { fingerprint: RAW }),
      findings: [],
      screen: PLAIN,
    };
    expect(statementText(report, background)).toContain('\n  SELECT pg_sleep($1)\n    FROM shop_order\n');
    const narrow = statementText(report, { ...background, screen: { width: 60, colours: false } });
    expect(Math.max(...narrow.split('\n').map(textWidth))).toBeLessThanOrEqual(60);
    expect(narrow.split('\n')).toContain('2026-03-01 00:00 – 00:01 UTC (1 min) · 13 executions');
  });
});
