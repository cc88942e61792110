// The shop's data: the same on every machine, and put once.

import { beforeAll, expect, test } from 'vitest';
import { prepareShop } from '../../scripts/lib/shop/shop.mjs';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';

await describeWithPython("the shop's data", (python) => {
  const postgres = usePostgres({ database: 'shop' });

  beforeAll(async () => {
    await prepareShop({ python: python.executable, database: postgres() });
  });

  test('has more than 100,000 order lines', async () => {
    const [[lines]] = await postgres().query('SELECT count(*) FROM store_orderline');
    expect(Number(lines)).toBeGreaterThan(100_000);
  });

  test('is the same on every machine', async () => {
    const tables = ['store_product', 'store_order', 'store_orderline', 'store_review'];
    const sums = tables.map((table) => `(SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM ${table} t)`);
    const [sumsRow] = await postgres().query(`SELECT ${sums.join(', ')}`);
    expect(sumsRow).toMatchInlineSnapshot(`
      [
        "41860a6dda90468ec3fc32bf44dd0a53",
        "80d786b4f863d0560d0999b0911cff0c",
        "51e0a194d48316c11cce361b2b0ec26f",
        "ff4fe21fd4f15959d9b3d09b646d8878",
      ]
    `);
  });

  test('is not put twice', async () => {
    await expect(prepareShop({ python: python.executable, database: postgres() })).rejects.toThrow('freshly migrated');
  });
});
