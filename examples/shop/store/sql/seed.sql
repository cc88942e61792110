-- The shop's data: the same rows on every machine (arithmetic, no random()), in a few seconds.
-- About 125,000 order lines; 300 days of orders up to a fixed day. Wants empty tables.

INSERT INTO store_category (id, name, slug, parent_id)
SELECT id,
       (ARRAY['Kitchen', 'Garden', 'Workshop', 'Office', 'Travel', 'Lighting'])[1 + (id - 1) % 6] || ' ' || id,
       'category-' || id,
       CASE WHEN id <= 6 THEN NULL WHEN id <= 24 THEN 1 + (id - 1) % 6 ELSE 7 + (id - 1) % 18 END
FROM generate_series(1, 78) AS id;

INSERT INTO store_supplier (id, company, country, lead_days)
SELECT id, 'Supplier ' || lpad(id::text, 3, '0'), (ARRAY['DE', 'NL', 'PL', 'SE', 'PT', 'JP'])[1 + id % 6], 2 + id * 7 % 40
FROM generate_series(1, 60) AS id;

INSERT INTO store_tag (id, label)
SELECT id, (ARRAY['oak', 'steel', 'linen', 'foldable', 'spare part', 'refill'])[1 + id % 6] || ' ' || id
FROM generate_series(1, 48) AS id;

INSERT INTO store_product (id, sku, name, category_id, supplier_id, price, list_price, active, attributes, views, updated_at)
SELECT id,
       'SKU-' || lpad(id::text, 6, '0'),
       (ARRAY['Shelf', 'Lamp', 'Kettle', 'Bracket', 'Notebook', 'Chair', 'Hose', 'Case'])[1 + id % 8] || ' no. ' || id,
       25 + id * 31 % 54,
       1 + id * 17 % 60,
       (199 + id * 7919 % 24800) / 100.0,
       (199 + id * 7919 % 24800 + CASE WHEN id % 5 = 0 THEN 350 ELSE 0 END) / 100.0,
       id % 23 <> 0,
       jsonb_build_object('colour', (ARRAY['grey', 'red', 'green', 'natural'])[1 + id % 4], 'grams', 50 + id * 37 % 9000),
       id * 13 % 500,
       timestamptz '2026-01-01 00:00:00+00' + id % 5000 * interval '11 minutes'
FROM generate_series(1, 4000) AS id;

INSERT INTO store_product_tags (product_id, tag_id)
SELECT product, 1 + (product * 5 + n * 13) % 48
FROM generate_series(1, 4000) AS product, generate_series(0, 2) AS n;

INSERT INTO store_warehouse (id, code, region)
SELECT id, 'WH-' || id, (ARRAY['north', 'south', 'east', 'west'])[1 + id % 4]
FROM generate_series(1, 6) AS id;

INSERT INTO store_stock (product_id, warehouse_id, quantity, reorder_level)
SELECT product, warehouse, product * 11 % 180 + warehouse, 5 + product % 20
FROM generate_series(1, 4000) AS product, generate_series(1, 6) AS warehouse
WHERE (product + warehouse) % 2 = 0;

INSERT INTO store_customer (id, account, region, joined_on, credit)
SELECT id, 'account-' || lpad(id::text, 6, '0'), (ARRAY['north', 'south', 'east', 'west'])[1 + id % 4],
       date '2020-01-01' + id * 7 % 2000, id * 3 % 400
FROM generate_series(1, 5000) AS id;

INSERT INTO store_order (id, customer_id, status, placed_at, note)
SELECT id,
       (1 + id::bigint * 48271 % 65521 % 4990)::int,
       (ARRAY['shipped', 'shipped', 'shipped', 'paid', 'open', 'returned'])[1 + id % 6],
       timestamptz '2026-03-01 00:00:00+00' + id * interval '10 minutes 21 seconds',
       CASE WHEN id % 40 = 0 THEN 'leave at the gate' ELSE '' END
FROM generate_series(1, 41666) AS id;

INSERT INTO store_orderline (order_id, product_id, quantity, unit_price, discount)
SELECT "order", 1 + ("order"::bigint * 48271 + n * 16807) % 65521 % 3990, 1 + ("order" + n) % 5,
       (199 + (1 + ("order"::bigint * 48271 + n * 16807) % 65521 % 3990) * 7919 % 24800) / 100.0,
       CASE WHEN ("order" + n) % 11 = 0 THEN 0.10 ELSE 0 END
FROM generate_series(1, 41666) AS "order", generate_series(1, 3) AS n;

INSERT INTO store_review (product_id, customer_id, stars, body, written_at)
SELECT 1 + id * 7 % 3600, 1 + id * 13 % 5000, 1 + id * 29 % 5, 'Review ' || id || ': does what it says.',
       timestamptz '2026-05-01 00:00:00+00' + id * interval '9 minutes'
FROM generate_series(1, 20000) AS id;

SELECT setval(pg_get_serial_sequence('store_category', 'id'), (SELECT max(id) FROM store_category));
SELECT setval(pg_get_serial_sequence('store_supplier', 'id'), (SELECT max(id) FROM store_supplier));
SELECT setval(pg_get_serial_sequence('store_tag', 'id'), (SELECT max(id) FROM store_tag));
SELECT setval(pg_get_serial_sequence('store_product', 'id'), (SELECT max(id) FROM store_product));
SELECT setval(pg_get_serial_sequence('store_warehouse', 'id'), (SELECT max(id) FROM store_warehouse));
SELECT setval(pg_get_serial_sequence('store_customer', 'id'), (SELECT max(id) FROM store_customer));
SELECT setval(pg_get_serial_sequence('store_order', 'id'), (SELECT max(id) FROM store_order));

ANALYZE;
