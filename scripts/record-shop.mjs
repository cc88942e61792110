// Runs the real shop and writes examples/shop/recorded/.
// `node scripts/record-shop.mjs [seconds]`. The demo plays the recording where there is no Python. Run it after a
// change to a model, a view or the data. Needs what `npm run build` and Python make available.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { startPostgres } from './lib/postgres.mjs';
import { openProgress } from './lib/progress.mjs';
import { pythonEnvironment } from './lib/setup/python.mjs';
import { SCHEMA, TRAFFIC } from './lib/shop/recorded-shop.mjs';
import { prepareShop, startShop } from './lib/shop/shop.mjs';
import { drive } from './lib/shop/traffic.mjs';
import { recordWire } from './lib/wire/recorder.mjs';

const SCHEMA_STATEMENT = /^(CREATE|ALTER|INSERT|DROP|COMMENT)\b/;

/** @param {readonly any[]} lines @returns {string} what `migrate` changed, without its look-ups */
function schemaOf(lines) {
  const sent = lines.flatMap((line) => line.send ?? []).filter(([type]) => type === 'Q');
  const statements = sent.map(([, sql]) => sql).filter((sql) => SCHEMA_STATEMENT.test(sql));
  const head = '-- What `manage.py migrate` sends; written by scripts/record-shop.mjs.\n\n';
  return head + statements.map((sql) => `${sql};\n`).join('');
}

const seconds = Number(process.argv[2] ?? 20);
const progress = openProgress();
const found = await progress.step('Python environment', pythonEnvironment);
if ('missing' in found) throw new Error(found.missing);
const { python } = found;
const postgres = await progress.step('Postgres', () => startPostgres({ database: 'shop' }));
const recorder = await recordWire(postgres);
try {
  const database = { ...postgres, host: recorder.host, port: recorder.port };
  await progress.step('Tables and data', () => prepareShop({ python, database }));
  const schema = schemaOf(recorder.take());
  const shop = await progress.step('Shop', () => startShop({ python, database }));
  const bar = progress.bar('Traffic', seconds);
  const { requests, failed } = await drive({
    baseUrl: shop.baseUrl,
    seconds,
    concurrency: 3,
    pauseMs: 20,
    onProgress: (elapsed, sent) => bar.update(elapsed, `${sent} requests`),
  });
  bar.end(`${requests} requests`);
  await shop.stop();
  if (failed.size > 0) throw new Error(`the shop failed: ${JSON.stringify([...failed])}`);
  mkdirSync(path.dirname(SCHEMA), { recursive: true });
  writeFileSync(SCHEMA, schema);
  const lines = recorder.take().map((line) => `${JSON.stringify(line)}\n`);
  const packed = gzipSync(lines.join(''), { level: 9 });
  writeFileSync(TRAFFIC, packed);
  progress.say(`  ${lines.length} lines, ${Math.round(packed.length / 1024)} KiB`);
} finally {
  await postgres.stop();
}
process.exit();
