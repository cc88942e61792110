// The audit over HTTP: it says what `audit --code` says.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeShopCode } from '../../scripts/lib/made-up-code.mjs';
import { writeShop } from '../../scripts/lib/made-up-shop.mjs';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { pgwitness } from '../cli/command.js';
import { writeSampleStore } from '../cli/sample-store.js';
import { entryOf, flushOf, poolOf, rollupOf, tagsOf, verdictOf } from '../storage/flushes.js';
import { useHttpThread } from './built-thread.js';

const start = useHttpThread();
const folder = mkdtempSync(join(tmpdir(), 'pgwitness-audit-'));

beforeAll(() => writeShop(folder));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('it is that of the terminal, with the states of the ledger', async () => {
  const files = writeShopCode(folder);
  const { url } = await start({ dataDir: folder, fill: () => {}, files });
  const { audit } = await (await fetch(`${url}/api/v1/audit`)).json();
  const ran = await pgwitness(['audit', '--code', 'audit.json', '--data', '.', '--json'], { cwd: folder });
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  const said = JSON.parse(ran.stdout);
  expect(audit).toEqual(said);
  const of = (id: string) => said.places.find((place: { id: string }) => place.id === id);
  expect(of('report')).toMatchObject({ join: 'caller', confidence: 'certain', complexity: 'orm-expressions' });
  expect(of('recount').state).toBe('doing');
  expect(of('tree').seen).toBeNull();
  expect(said.coverage.grade).toBe('high');
});

test('a statement that more callers send than a list shows is seen at each of them', async () => {
  const lines = Array.from({ length: 30 }, (_, n) => n + 1);
  const place = (line: number) => ({
    ...{ id: `place-${line}`, file: 'shop/views.py', line, end_line: line, function: 'f', kind: 'orm', api: 'save' },
    ...{ in_migration: false, statements: [], tables: ['shop_book'], database: null, via: null },
    ...{ resolved: true, unresolved: null },
  });
  const code = join(folder, 'many.json');
  writeFileSync(
    code,
    JSON.stringify({ version: 1, root: '.', routes: null, jobs: null, commands: null, places: lines.map(place) }),
  );
  const source = 'django-orm';
  const { url } = await start({
    fill: (dataDir) => {
      const store = openSqliteStore({ dataDir });
      store.flush(
        flushOf({
          rollups: [rollupOf({ source, construct: 'queryset', callsNs: lines })],
          catalogue: [entryOf()],
          statements: [verdictOf({ source, construct: 'queryset' })],
          tags: lines.map((line) => tagsOf({ caller: `shop/views.py:${line} f` }, { source })),
          pools: [poolOf('pool-a', 'django:app@shop')],
        }),
      );
      store.close();
    },
    files: { ledger: '', code },
  });
  const { audit } = await (await fetch(`${url}/api/v1/audit?since=2000-01-01T00:00:00Z`)).json();
  expect(audit.places.filter(({ join: by }: { join: string | null }) => by === 'caller').length).toBe(30);
  const shown = await (await fetch(`${url}/api/v1/statements?since=2000-01-01T00:00:00Z`)).json();
  expect(shown.statements[0].tags.caller.length).toBe(20);
});

test('a window narrows what was seen, and a wrong parameter is refused by name', async () => {
  const { url } = await start({ dataDir: folder, fill: () => {}, files: writeShopCode(folder) });
  const { audit } = await (await fetch(`${url}/api/v1/audit?until=2h30m`)).json();
  expect(audit.places.filter(({ seen }: { seen: unknown }) => seen !== null)).toEqual([]);
  const wrong = await fetch(`${url}/api/v1/audit?table=x`);
  expect(wrong.status).toBe(400);
  expect((await wrong.json()).error).toContain('"table"');
});

test('without the code there is none, and a file that cannot be read is told of', async () => {
  const { url } = await start({ fill: writeSampleStore });
  expect(await (await fetch(`${url}/api/v1/audit`)).json()).toEqual({ audit: null });
  const other = await start({ files: { ledger: '', code: join(folder, 'none.json') } });
  const answer = await fetch(`${other.url}/api/v1/audit`);
  expect(answer.status).toBe(404);
  expect((await answer.json()).error).toContain('cannot be read (ENOENT)');
});
