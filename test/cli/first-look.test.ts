// The first reports that somebody reads, at the widths of terminals.
// Lines of code, routes, N+1, errors, pools. Not here: tables in general (views.test.ts), filters (test/reports).

import { expect, test } from 'vitest';
import { textWidth } from '../../cli/terminal/table.js';
import { activityText } from '../../cli/views/activity.js';
import { bypassText } from '../../cli/views/bypass.js';
import { groupsText } from '../../cli/views/groups.js';
import { poolsText } from '../../cli/views/pools.js';
import { statementText } from '../../cli/views/show.js';
import { topText } from '../../cli/views/top.js';
import type { FindingFacts } from '../../facts/finding.js';
import type { RollupRow } from '../../facts/rollup-row.js';
import { reportGroups } from '../../reports/groups/groups.js';
import { reportPools } from '../../reports/pools.js';
import { answerStatements } from '../../reports/questions/answer-statements.js';
import { readStatementsQuery } from '../../reports/questions/grammar.js';
import { readGroupsQuery } from '../../reports/questions/groups-query.js';
import { reportSamples } from '../../reports/samples.js';
import { reportTimeline } from '../../reports/timeline.js';
import {
  DAY_START_MIN,
  entryOf,
  flushOf,
  MINUTE_MS,
  openStore,
  openTestReader,
  poolOf,
  rollupOf,
  tagsOf,
  temporaryDirectory,
  verdictOf,
} from '../storage/flushes.js';

const MS = 1_000_000;
const [SALES, AUTHOR, BOOKS, EXPORT] = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(15).concat('1'));
const SALES_TAGS = { caller: 'shop/store/views/reports.py:41 sales', route: 'reports/sales' };
const BOOKS_TAGS = { caller: 'shop/store/views/books.py:7 books', route: 'books/' };

/** A shop of a slow report, an N+1, and an export that nobody tagged. */
function shop() {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  const each = (count: number, ms: number) => Array.from({ length: count }, () => ms * MS);
  const orm = { source: 'django-orm', construct: 'queryset' };
  const asked = (requests: number, row: RollupRow) => Object.assign(row, { requests });
  const from = (tags: Record<string, string>, calls: number, requests: number, fingerprint: string, source: string) =>
    tagsOf(tags, { fingerprint, source, calls, requests, serviceTotalNs: calls * MS });
  store.flush(
    flushOf({
      rollups: [
        asked(5, rollupOf({ fingerprint: SALES, callsNs: each(3, 500), errors: ['57014', '57014'] })),
        asked(2, rollupOf({ fingerprint: AUTHOR, ...orm, callsNs: each(60, 1) })),
        asked(2, rollupOf({ fingerprint: BOOKS, ...orm, callsNs: each(2, 2) })),
        rollupOf({ fingerprint: EXPORT, construct: '', callsNs: each(1, 9) }),
        rollupOf({ fingerprint: 'e'.repeat(16), source: 'housekeeping', construct: '', callsNs: each(400, 0.1) }),
      ],
      catalogue: [
        [
          SALES,
          'SELECT a.name, sum(b.price) FROM shop_author a JOIN shop_book b ON b.author_id = a.id GROUP BY a.name',
        ],
        [AUTHOR, 'SELECT "shop_author"."id", "shop_author"."name" FROM "shop_author" WHERE "shop_author"."id" = ?'],
        [BOOKS, 'SELECT "shop_book"."id", "shop_book"."title" FROM "shop_book" ORDER BY "shop_book"."id" ASC LIMIT ?'],
        [EXPORT, 'COPY shop_book TO STDOUT'],
        ['e'.repeat(16), 'BEGIN'],
      ].map(([fingerprint, query]) => entryOf({ fingerprint, query, keyHash: fingerprint })),
      statements: [
        verdictOf({ fingerprint: SALES }),
        verdictOf({ fingerprint: AUTHOR, ...orm }),
        verdictOf({ fingerprint: BOOKS, ...orm }),
        verdictOf({ fingerprint: EXPORT, construct: '' }),
      ],
      tags: [
        from(SALES_TAGS, 3, 3, SALES, 'raw'),
        from(BOOKS_TAGS, 60, 2, AUTHOR, 'django-orm'),
        from(BOOKS_TAGS, 2, 2, BOOKS, 'django-orm'),
      ],
      pools: [poolOf('pool-a', 'django:app@shop')],
      samples: [
        {
          fingerprint: SALES,
          source: 'raw',
          atMs: DAY_START_MIN * MINUTE_MS,
          serviceNs: 500 * MS,
          waitNs: 0,
          rows: 3,
          sqlstate: '',
          pool: 'pool-a',
          tagSet: JSON.stringify({ app_version: '42', ...SALES_TAGS }),
          traceId: '',
          requestId: '0123456789abcdef0123456789abcdef',
          transactionPosition: 0,
        },
      ],
    }),
  );
  return openTestReader(dataDir);
}

const at = (width: number) => ({ width, colours: false });

function top(width: number, parameters = ''): string[] {
  const query = readStatementsQuery(new URLSearchParams(parameters), { nowMs: 0 });
  const report = answerStatements(shop(), { ...query, hidden: ['housekeeping'] });
  return topText(report, { query, all: false, json: false, read: '.', screen: at(width) }).split('\n');
}

function show(fingerprint: string, width: number): string {
  const reader = shop();
  const query = readStatementsQuery(new URLSearchParams(), { nowMs: 0 });
  const background = {
    samples: reportSamples(reader, fingerprint),
    timeline: reportTimeline(reader, { fingerprint }),
    findings: [],
    screen: at(width),
  };
  return statementText(answerStatements(reader, { ...query, filter: { fingerprint } }), background);
}

test('a list names the line of code before times, from 100 columns on beside the source', () => {
  expect(top(120).find((line) => line.includes('aaaaaaaa'))).toMatch(/ raw\/cursor +views\/reports\.py:41 +aaaaaaaa /);
  expect(top(100).find((line) => line.includes('aaaaaaaa'))).toMatch(/ raw +views\/reports\.py:41 +aaaaaaaa /);
  expect(top(200).find((line) => line.includes('aaaaaaaa'))).toContain(`${SALES_TAGS.caller}  ${SALES_TAGS.route}`);
});

test('at 80 columns it names the source, and the line of code where all have one source', () => {
  expect(top(80).find((line) => line.includes('bbbbbbbb'))).toMatch(/ django-orm +bbbbbbbb /);
  expect(top(80, 'source=raw').find((line) => line.includes('aaaaaaaa'))).toMatch(/ views\/reports\.py:41 +aaaaaaaa /);
  for (const width of [80, 100, 120]) for (const line of top(width)) expect(textWidth(line)).toBeLessThanOrEqual(width);
});

test('executions count those that failed', () => {
  const [head, row] = top(160).filter((line) => /^executions|aaaaaaaa/.test(line));
  expect(head).toMatch(/^executions +errors /);
  expect(row).toMatch(/^ +5 +2 /);
  // What failed stays longer than a mean.
  expect(top(120).find((line) => line.startsWith('executions'))).toMatch(
    /^executions +errors +total↓ +source +caller /,
  );
  expect(show(SALES, 80)).toContain('executions  5\n  errors      2 (40 %): 57014 query_canceled 2\n');
});

test('--sort per-request puts the N+1 first', () => {
  const rows = top(160, 'sort=per-request').filter((line) => /\b([abcd])\1{7}\b/.test(line));
  expect(rows[0]).toMatch(/^ +60 .* 30\.0 .*books\.py:7 books +bbbbbbbb/);
  expect(rows.at(-1)).toMatch(/ – .*dddddddd/);
});

test('on a terminal a list says how to go on: to its first statement, and to what is wrong', () => {
  const query = readStatementsQuery(new URLSearchParams(), { nowMs: 0 });
  const report = answerStatements(shop(), { ...query, hidden: ['housekeeping'] });
  const found = { id: 'e4398c098717aaaa', title: 'N+1 on shop_author', state: 'open', confidence: 'strong' };
  const findings = [{ ...found, statements: [{ fingerprint: AUTHOR }] } as unknown as FindingFacts];
  const lines = (typedPlace?: string) =>
    topText(report, { query, all: false, json: false, read: '.', findings, typedPlace, screen: at(120) }).split('\n');
  expect(lines(' --data D').slice(-4)).toEqual([
    'e4398c09 N+1 on shop_author',
    '',
    'pgwitness show aaaaaaaa --data D   shows who sends it, and why we think so',
    'pgwitness findings e4398c09 --data D   says what is wrong, and what to do',
  ]);
  expect(lines().at(-1)).toBe('e4398c09 N+1 on shop_author');
});

test('a line of code with several statements says why it has no requests', () => {
  const query = readGroupsQuery(new URLSearchParams('group-by=caller'), { nowMs: 0 });
  const report = reportGroups(shop(), { by: 'caller', filter: {}, hidden: new Set(query.hidden) });
  const text = groupsText(report, { query, screen: at(160) });
  expect(text).toMatch(/reports\.py:41 sales .* 1\.0 +\d/);
  expect(text).toMatch(/books\.py:7 books .* – +– +– +62 /);
  expect(text.replace(/\s+/g, ' ')).toContain('–: none is named, or its statements need not meet in one request');
});

test('a route says its requests and what one costs, at 80 columns too', () => {
  const query = readGroupsQuery(new URLSearchParams('group-by=route'), { nowMs: 0 });
  const report = reportGroups(shop(), { by: 'route', filter: {}, hidden: new Set(query.hidden) });
  const lines = groupsText(report, { query, screen: at(80) }).split('\n');
  const head = lines.find((line) => line.startsWith('route'));
  expect(head).toMatch(/^route +total↓ +share +requests +statements\/request +time\/request$/);
  expect(lines.find((line) => line.startsWith('books/'))).toMatch(/ 2 +31\.0 +31\.0 ms$/);
  for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(80);
});

test('show has caller and route near the top, and of samples too', () => {
  const lines = show(SALES, 120).split('\n');
  const sent = lines.indexOf('Sent by raw, as cursor');
  expect(lines.slice(sent + 1, sent + 3)).toEqual([
    `  caller      ${SALES_TAGS.caller}`,
    `  route       ${SALES_TAGS.route}`,
  ]);
  const words = `${SALES_TAGS.caller} · ${SALES_TAGS.route} · app_version=42`;
  expect(show(SALES, 160).match(/^ {2}2026-03-01 00:00:00 .*$/m)?.[0]).toContain(words);
  for (const line of show(SALES, 80).split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(80);
  // One bar, of one minute, would say nothing.
  expect(show(SALES, 120)).not.toMatch(/[▁▂▃▄▅▆▇█]|total time/);
});

test('show says of a statement without tags what would tell its place and its construct', () => {
  const text = show(EXPORT, 120);
  expect(text).toContain('Sent by raw: by hand; by which call (cursor, raw(), …) is known from tags alone\n');
  expect(text).toContain('  caller      not tagged: clients/python adds the line of code, the route and the job\n');
  expect(show(SALES, 120)).not.toContain('not tagged');
});

test('pools name the sources of the application before housekeeping, and explain their columns', () => {
  const text = poolsText(reportPools(shop()), { read: '.', screen: at(140), findings: [] });
  expect(text).toMatch(/ django-orm 13 %, raw 1\.3 %, housekeeping 85 %$/m);
  expect(text).toMatch(/^now, most: connections held now, and at most; busy: /m);
});

test('what the server says beside pools fits 80 columns, and one session is one', () => {
  const sessions = { serverSessions: 1, matchedSessions: 1, witnessedSessions: 3, bypassing: [] };
  const text = bypassText({ outcome: 'listed', reason: '', ...sessions, leadsThrough: true }, at(80));
  expect(text).toMatch(/^The server has 1 client session; 1 of them/);
  for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(80);
});

test('nothing in flight is said in 80 columns', () => {
  const text = activityText(
    { atMs: DAY_START_MIN * MINUTE_MS, sessions: [], more: 0 },
    { read: 'http://10.0.0.7:6434', screen: at(80) },
  );
  expect(text).toContain('no statement is in flight');
  for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(80);
});
