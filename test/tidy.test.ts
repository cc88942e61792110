// The project lints its own structure: rooms and floors, circles, one door per package.
// Invariant: an exception that is no longer needed fails. Not here: what files look like inside (test/tidy/).

import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOMS } from './tidy/floors.js';
import { circlesOf, edgesBetween, IMPORTS, PRODUCT, textOf } from './tidy/sources.js';

const floorOf = new Map(ROOMS.map(({ folder, floor }) => [folder, floor]));

describe('rooms', () => {
  test('every folder with sources is a room, and every room is there', () => {
    const folders = [...new Set(PRODUCT.map((file) => path.dirname(file)))].sort();
    expect(folders).toEqual(ROOMS.map(({ folder }) => folder).sort());
  });

  test('every room has its first file', () => {
    const missing = ROOMS.filter(({ folder, first }) => !PRODUCT.includes(`${folder}/${first}`));
    expect(missing).toEqual([]);
  });

  test('docs/ARCHITECTURE.md draws these rooms on these floors', () => {
    const rows = textOf('docs/ARCHITECTURE.md').matchAll(/^\| (\d+) \| `([\w/-]+)` \| `([\w.-]+)` \|/gm);
    const drawn = [...rows].map(([, floor, folder, first]) => ({ floor: Number(floor), folder, first }));
    expect(drawn).toEqual(ROOMS);
  });

  /** Flat lists of siblings may be longer than a room's 15 files. */
  const LISTS: Readonly<Record<string, number>> = {
    'cli/commands': 30,
    'cli/views': 25,
    'analyzer/fingerprint': 20,
    'analyzer/findings/kinds': 25,
  };

  test('a room has at most 15 files', () => {
    const counts = new Map<string, number>();
    for (const file of PRODUCT) counts.set(path.dirname(file), (counts.get(path.dirname(file)) ?? 0) + 1);
    expect([...counts].filter(([room, count]) => count > (LISTS[room] ?? 15))).toEqual([]);
    expect(Object.keys(LISTS).filter((room) => (counts.get(room) ?? 0) <= 15)).toEqual([]);
  });
});

describe('imports run one way', () => {
  test('down the floors', () => {
    const upward = IMPORTS.filter(({ file, target }) => {
      const [from, to] = [path.dirname(file), path.dirname(target)];
      return PRODUCT.includes(target) && from !== to && floorOf.get(to)! >= floorOf.get(from)!;
    });
    expect(upward.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
  });

  test('no circle of files', () => {
    expect(circlesOf(edgesBetween((file) => file))).toEqual([]);
  });

  test('no ring of folders', () => {
    expect(circlesOf(edgesBetween((file) => path.dirname(file)))).toEqual([]);
  });

  test.each([1, 2])('no ring of folders taken with what is in them, %i deep', (depth) => {
    const circles = circlesOf(edgesBetween((file) => path.dirname(file).split('/').slice(0, depth).join('/')));
    expect(circles).toEqual([]);
  });

  test('the relay knows nothing of the observing side', () => {
    const relay = IMPORTS.filter(({ file }) => file.startsWith('proxy/'));
    const outside = relay.filter(({ target }) => PRODUCT.includes(target) && !/^(proxy|config)\//.test(target));
    expect(outside).toEqual([]);
  });

  test('a question asked at the terminal passes no dashboard', () => {
    const terminal = IMPORTS.filter(({ file }) => file.startsWith('cli/') || file.startsWith('reports/'));
    expect(terminal).not.toEqual([]);
    // `serve` asks nothing: it is a dashboard.
    const asking = terminal.filter(({ file }) => file !== 'cli/commands/serve.ts');
    expect(asking.filter(({ target }) => target.startsWith('dashboards/'))).toEqual([]);
  });

  test('the analyzer knows no store, socket or screen', () => {
    const analyzer = IMPORTS.filter(({ file }) => file.startsWith('analyzer/'));
    const allowed = /^(analyzer|facts|config|proxy\/stream)\//;
    expect(analyzer.filter(({ target }) => PRODUCT.includes(target) && !allowed.test(target))).toEqual([]);
    expect(analyzer.filter(({ target }) => /^node:(fs|net|http|child_process|worker_threads)/.test(target))).toEqual(
      [],
    );
  });

  test.each(['fingerprint', 'attribution', 'pools', 'rollup'])('analyzer/%s does not import its siblings', (folder) => {
    const own = `analyzer/${folder}/`;
    const siblings = IMPORTS.filter(
      ({ file, target }) =>
        file.startsWith(own) &&
        target.startsWith('analyzer/') &&
        !target.startsWith(own) &&
        !target.startsWith('analyzer/sql/'),
    );
    expect(siblings).toEqual([]);
  });
});

test.each([
  ['better-sqlite3', ['storage/sqlite/']],
  ['@clickhouse/client', ['storage/clickhouse/connection/']],
  ['libpg-query', ['analyzer/fingerprint/']],
  ['prom-client', ['dashboards/metrics/']],
  ['commander', ['cli/']],
  ['pino', ['config/log.ts']],
  ['re2js', ['config/values/sql-pattern.ts']],
  ['@modelcontextprotocol/sdk', ['cli/mcp/sdk.ts']],
  ['pg', ['own-queries/own-connection.ts']],
  ['pg-protocol', ['own-queries/']],
  ['preact', ['dashboards/web/']],
  ['uplot', ['dashboards/web/']],
])('%s has one door', (name, doors) => {
  const users = IMPORTS.filter(({ target }) => target === name || target.startsWith(`${name}/`));
  expect(users).not.toEqual([]);
  expect(users.filter(({ file }) => !doors.some((door) => file.startsWith(door)))).toEqual([]);
});
