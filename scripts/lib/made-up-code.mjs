// The code of the made-up shop as an audit finds it, and the ledger of its migration.
// Invariant: lines are those that made-up-shop.mjs names as callers; two places never ran.
// Not here: the traffic (made-up-shop.mjs).

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { shopFingerprint } from './made-up-shop.mjs';

/** @param {string} id @param {'raw' | 'sqlalchemy' | 'orm'} kind @param {object} more */
function place(id, kind, more) {
  return {
    id,
    kind,
    in_migration: false,
    statements: [],
    tables: [],
    database: 'default',
    via: null,
    resolved: true,
    unresolved: null,
    ...more,
  };
}

/** @param {string} sql */
function text(sql) {
  return [{ sql, holes: false, form: 'statement', reverse: false }];
}

/** @param {string} file @param {number} line @param {string} name */
function at(file, line, name) {
  return { file, line, end_line: line, function: name, function_lines: [line - 6, line + 4] };
}

const PLACES = [
  place('stock', 'sqlalchemy', {
    ...at('ported/stock.py', 33, 'stock_of'),
    api: 'session.execute',
    tables: ['stock'],
  }),
  place('reserve', 'sqlalchemy', {
    ...at('ported/stock.py', 41, 'reserve'),
    api: 'session.execute',
    tables: ['stock'],
  }),
  place('report', 'raw', {
    ...at('shop/reports.py', 41, 'slow_movers'),
    api: 'cursor.execute',
    tables: ['shop_orderline', 'shop_product', 'shop_order'],
    statements: text(
      'SELECT p.name, sum(l.quantity) AS sold, rank() OVER (ORDER BY sum(l.quantity)) FROM shop_orderline l\nJOIN shop_product p ON p.id = l.product_id GROUP BY p.name ORDER BY sold DESC',
    ),
  }),
  place('search', 'raw', {
    ...at('shop/search.py', 27, 'search'),
    api: 'raw',
    tables: ['shop_product'],
    statements: text('SELECT id, name FROM shop_product WHERE name = %s LIMIT 20'),
  }),
  place('recount', 'raw', {
    ...at('shop/tasks.py', 9, 'recount'),
    api: 'cursor.execute',
    tables: ['shop_category', 'shop_product'],
    statements: text('UPDATE shop_category SET products = 0'),
  }),
  place('tree', 'raw', {
    ...at('shop/catalogue.py', 88, 'category_tree'),
    api: 'cursor.execute',
    tables: ['shop_category'],
    statements: text(
      'WITH RECURSIVE tree AS (\n  SELECT id, parent_id FROM shop_category WHERE id = %s\n  UNION ALL\n  SELECT c.id, c.parent_id FROM shop_category c JOIN tree ON c.parent_id = tree.id\n)\nSELECT * FROM tree',
    ),
  }),
  place('helper', 'raw', {
    ...at('shop/legacy.py', 12, 'run'),
    api: 'cursor.execute',
    resolved: false,
    unresolved: 'its text is a parameter of run, and no call of it was found',
  }),
  place('warehouse', 'sqlalchemy', { ...at('ported/models.py', 21, 'Warehouse'), api: 'model', tables: ['warehouse'] }),
  place('orders', 'orm', { ...at('shop/orders.py', 71, 'orders'), api: 'filter', tables: ['shop_order'] }),
  place('lines', 'orm', { ...at('shop/orders.py', 88, 'orders'), api: 'all', tables: ['shop_orderline'] }),
];

const CODE = {
  version: 1,
  root: 'shop',
  routes: ['orders/', 'orders/new/', 'products/<slug:category>/', 'search/', 'ported/stock/', 'reports/slow-movers/'],
  jobs: [{ name: 'shop.tasks.recount', schedule: '*/5' }],
  commands: null,
  places: PLACES,
};

const LEDGER = `
version: 1
groups: {'shop/tasks*': Jobs, 'shop/reports*': Reports}
places:
  - {id: report, at: 'shop/reports.py:41', function: slow_movers, kind: raw, statements: [${shopFingerprint('report')}]}
  - {id: recount, at: 'shop/tasks.py:9', function: recount, kind: raw, state: doing, statements: [${shopFingerprint('recount')}], new: {fingerprint: ${shopFingerprint('topSellers')}}}
  - {id: search, at: 'shop/search.py:27', function: search, kind: raw, in_code: false, state: done, statements: [${shopFingerprint('search')}]}
history:
  - {on: 2026-02-27, todo: 3}
`;

/** Writes audit.json and migration.yaml. @param {string} folder @returns {{ code: string, ledger: string }} */
export function writeShopCode(folder) {
  const files = { code: path.join(folder, 'audit.json'), ledger: path.join(folder, 'migration.yaml') };
  writeFileSync(files.code, JSON.stringify(CODE));
  writeFileSync(files.ledger, LEDGER);
  return files;
}
