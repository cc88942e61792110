// How fast the lexer is, in MB/s, on real texts where the corpus is at hand and on made ones. Prints; asserts nothing.
// Run: npm run build && node bench/lexer.mjs [FILE.jsonl.gz …]   (lines with a "sql" member)

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const dist = process.env.PGWITNESS_DIST ?? new URL('../dist', import.meta.url).pathname;
const { lex } = await import(`${dist}/analyzer/sql/sql-lexer.js`);
const { SqlTokens } = await import(`${dist}/analyzer/sql/tokens.js`);

const MIB = 2 ** 20;
const tokens = new SqlTokens();

for (const file of process.argv.slice(2)) {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n').filter(Boolean);
  measure(
    file.split('/').at(-1),
    lines.map((line) => Buffer.from(JSON.parse(line).sql)),
  );
}
const made = {
  'django select':
    'SELECT "shop_book"."id", "shop_book"."title", "shop_book"."price" FROM "shop_book" WHERE "shop_book"."id" = 42 LIMIT 21',
  'one long string': `SELECT '${'x'.repeat(MIB)}'`,
  'in list': `SELECT 1 WHERE a IN (${'12345, '.repeat(50_000)}1)`,
  'dollar signs': '$ $a '.repeat(MIB / 5),
  'dollar quotes inside': `$ab$${'$a'.repeat(MIB / 2)}`,
  'open comments': '/*'.repeat(MIB / 2),
  'open quotes': `"${'""'.repeat(MIB / 2)}`,
  parentheses: '('.repeat(MIB),
  operators: '+-'.repeat(MIB / 2),
  minus: '- '.repeat(MIB / 2),
};
for (const [name, text] of Object.entries(made)) measure(name, [Buffer.from(text)]);

function measure(name, texts) {
  const bytes = texts.reduce((sum, text) => sum + text.length, 0);
  const rounds = Math.max(5, Math.ceil((32 * MIB) / bytes));
  let best = Number.POSITIVE_INFINITY;
  for (let part = 0; part < 5; part++) {
    const began = process.hrtime.bigint();
    for (let round = 0; round < rounds / 5; round++) for (const text of texts) lex(text, tokens);
    best = Math.min(best, Number(process.hrtime.bigint() - began) / Math.ceil(rounds / 5));
  }
  console.log(
    `${name.padEnd(24)} ${((bytes / best) * 1000).toFixed(0).padStart(6)} MB/s  ${(best / texts.length).toFixed(0).padStart(9)} ns per text`,
  );
}
