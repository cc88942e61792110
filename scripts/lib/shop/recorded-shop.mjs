// The shop without Python: tables and data from plain SQL, and recorded traffic.
// Invariant: data come from the same seed.sql that the real shop uses.
// Not here: making the recording (record-shop.mjs).

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { SHOP } from '../paths.mjs';

export const SCHEMA = path.join(SHOP, 'recorded', 'schema.sql');
export const TRAFFIC = path.join(SHOP, 'recorded', 'traffic.jsonl.gz');
const SEED = path.join(SHOP, 'store', 'sql', 'seed.sql');

/** @param {Pick<import('../postgres.mjs').Postgres, 'query'>} postgres whose database is empty */
export async function prepareRecordedShop(postgres) {
  await postgres.query(readFileSync(SCHEMA, 'utf8'));
  await postgres.query(readFileSync(SEED, 'utf8'));
}

/** @returns {import('../wire/player.mjs').Line[]} */
export function recordedTraffic() {
  const text = gunzipSync(readFileSync(TRAFFIC)).toString('utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
