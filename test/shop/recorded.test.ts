// The recorded shop, played to a real Postgres without Python.

import { beforeAll, describe, expect, test } from 'vitest';
import { prepareRecordedShop, recordedTraffic } from '../../scripts/lib/shop/recorded-shop.mjs';
import { prepareShop } from '../../scripts/lib/shop/shop.mjs';
import { connect } from '../../scripts/lib/wire/client.mjs';
import { playWire } from '../../scripts/lib/wire/player.mjs';
import { recordWire } from '../../scripts/lib/wire/recorder.mjs';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';

const postgres = usePostgres({ database: 'recorded' });
/** Tables, columns, constraints and indexes, whatever they are called inside. */
const SHAPE = `
  SELECT 'column', table_name, column_name, data_type || is_nullable FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
  ORDER BY 1, 2, 3`;

describe('the recorded shop', () => {
  beforeAll(async () => {
    await prepareRecordedShop(postgres());
  });

  test('is answered as when it was recorded', async () => {
    const played = await playWire(recordedTraffic(), { ...postgres(), pace: 0 });
    expect(played.unexpected).toEqual([]);
    expect(played.requests).toBeGreaterThan(1000);
    expect(played.connections).toBeGreaterThan(2);
  });

  test('holds statements of both libraries in both protocols', () => {
    const sent = recordedTraffic().flatMap((line) => line.send ?? []);
    const simple = sent.filter(([type]) => type === 'Q').map(([, sql]) => sql);
    const parsed = sent.filter(([type]) => type === 'P').map(([, body]) => Buffer.from(body, 'base64').toString());
    expect(simple.some((sql) => sql.startsWith('SELECT "store_product"."id"'))).toBe(true);
    expect(simple.some((sql) => sql.includes('WITH RECURSIVE tree'))).toBe(true);
    expect(parsed.some((sql) => sql.includes(' \nFROM store_orderline'))).toBe(true);
    expect(parsed.some((sql) => sql.includes('_django_curs_'))).toBe(true);
  });
});

await describeWithPython('the recorded tables', (python) => {
  test('are those that migrate makes', async () => {
    await postgres().query('CREATE DATABASE migrated');
    await prepareShop({ python: python.executable, database: { ...postgres(), database: 'migrated' } });
    await postgres().query('CREATE DATABASE from_file');
    await prepareRecordedShop({ query: (sql) => postgres().query(sql, 'from_file') });
    expect(await postgres().query(SHAPE, 'from_file')).toEqual(await postgres().query(SHAPE, 'migrated'));
  });
});

describe('the recorder', () => {
  test('writes down what was sent and what error came back, in order', async () => {
    const recorder = await recordWire(postgres());
    const startup = [
      ['user', 'postgres'],
      ['database', 'recorded'],
    ] as const;
    const client = await connect({ host: recorder.host, port: recorder.port, startup });
    await client.query('SELECT 1');
    await expect(client.query('SELECT * FROM nowhere')).rejects.toThrow('42P01');
    client.close();
    await recorder.close();
    const lines = recorder.take().map((line) => ({ ...line, at: undefined }));
    expect(lines).toEqual([
      { c: 1, startup: [...startup] },
      { c: 1, done: [] },
      { c: 1, send: [['Q', 'SELECT 1']] },
      { c: 1, done: [] },
      { c: 1, send: [['Q', 'SELECT * FROM nowhere']] },
      { c: 1, done: ['42P01'] },
      { c: 1, close: true },
    ]);
  });
});
