// Measures what identifying a text costs: lex, normalise, look up, and a first sight.
// Prints; asserts nothing.
// Run: npm run build && node bench/fingerprint.mjs [FILE.jsonl.gz …]   (lines with a "sql" member)

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { mib } from './lib/units.mjs';

const dist = process.env.PGWITNESS_DIST ?? new URL('../dist', import.meta.url).pathname;
const { Fingerprinter } = /** @type {typeof import('../dist/analyzer/fingerprint/fingerprint.js')} */ (
  await import(`${dist}/analyzer/fingerprint/fingerprint.js`)
);
const { Normalizer } = /** @type {typeof import('../dist/analyzer/fingerprint/make-key.js')} */ (
  await import(`${dist}/analyzer/fingerprint/make-key.js`)
);
const { lex } = /** @type {typeof import('../dist/analyzer/sql/sql-lexer.js')} */ (
  await import(`${dist}/analyzer/sql/sql-lexer.js`)
);
const { SqlTokens } = /** @type {typeof import('../dist/analyzer/sql/tokens.js')} */ (
  await import(`${dist}/analyzer/sql/tokens.js`)
);

const OPTIONS = { backslashEscapes: false, missingBytes: 0 };
const WHOLE = { truncated: false };
const tokens = new SqlTokens();
const normalizer = new Normalizer();
const fingerprinter = await Fingerprinter.load({ analyse: () => undefined });

const columns = ['id', 'title', 'price', 'stock', 'author_id', 'published'].map((c) => `"shop_book"."${c}"`).join(', ');
// 270 bytes, as Django writes them, every text with its own literals.
const django = Array.from({ length: 1000 }, (_, i) =>
  Buffer.from(
    `SELECT ${columns} FROM "shop_book" WHERE ("shop_book"."author_id" = ${i} AND "shop_book"."title" = 'title ${i}') LIMIT 21`,
  ),
);
/** @type {Record<string, Buffer[]>} */
const sets = { 'django select': django };
sets['bulk insert, 500 rows'] = Array.from({ length: 10 }, (_, i) =>
  Buffer.from(
    `INSERT INTO "t" ("a", "b", "c") VALUES ${`(${i}, 'text ${i}', NULL), `.repeat(499)}(1, 'x', NULL) RETURNING "t"."id"`,
  ),
);
for (const file of process.argv.slice(2)) {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n').filter(Boolean);
  sets[path.basename(file)] = lines.map((line) => Buffer.from(JSON.parse(line).sql));
}

for (const [name, texts] of Object.entries(sets)) {
  const began = process.hrtime.bigint();
  for (const text of texts) fingerprinter.identify(text, OPTIONS);
  const firstNs = Number(process.hrtime.bigint() - began) / texts.length;
  const lexNs = measure(texts, (text) => lex(text, tokens));
  const normalizeNs = measure(texts, (text) => {
    lex(text, tokens);
    normalizer.normalize(tokens, WHOLE);
  });
  const hitNs = measure(texts, (text) => fingerprinter.identify(text, OPTIONS));
  const bytes = Math.round(texts.reduce((sum, text) => sum + text.length, 0) / texts.length);
  const parts = `lex ${lexNs.toFixed(0)}, normalise ${(normalizeNs - lexNs).toFixed(0)}, look-up ${(hitNs - normalizeNs).toFixed(0)}`;
  console.log(
    `${name.padEnd(24)} ${String(bytes).padStart(6)} bytes  hit ${hitNs.toFixed(0).padStart(6)} ns (${parts}); first pass ${firstNs.toFixed(0)} ns`,
  );
}
console.log(`${fingerprinter.cache.entries} entries, ${mib(fingerprinter.cache.bytes, 1)} MiB`);

/** Best of five, in ns per text. @param {readonly Buffer[]} texts @param {(text: Buffer) => void} work */
function measure(texts, work) {
  const rounds = Math.max(1, Math.ceil(100_000 / texts.length / (texts[0].length > 5000 ? 50 : 1)));
  let best = Number.POSITIVE_INFINITY;
  for (let part = 0; part < 5; part++) {
    const began = process.hrtime.bigint();
    for (let round = 0; round < rounds; round++) for (const text of texts) work(text);
    best = Math.min(best, Number(process.hrtime.bigint() - began) / rounds / texts.length);
  }
  return best;
}
