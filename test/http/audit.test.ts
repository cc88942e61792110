// The audit over HTTP: it says what `audit --code` says.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeShopCode } from '../../scripts/lib/made-up-code.mjs';
import { writeShop } from '../../scripts/lib/made-up-shop.mjs';
import { pgwitness } from '../cli/command.js';
import { writeSampleStore } from '../cli/sample-store.js';
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
