// Measures the lexer, in MB/s, on real texts, made ones, and texts made to hurt it.
// Real texts need a corpus. On the hostile ones the work must stay linear. Writes its section of docs/BENCHMARKS.md;
// asserts nothing.
// Run: npm run build && node bench/lexer.mjs [FILE.jsonl.gz …]   (lines with a "sql" member; default: those of
//      PGWITNESS_CORPUS, or of ../shared/corpus beside the checkout)
// Not here: what a text costs the observer in all (fingerprint.mjs, pipeline.mjs).

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ROOT } from '../scripts/lib/paths.mjs';
import { commit, machine, table, writeSection } from './lib/document.mjs';

const dist = process.env.PGWITNESS_DIST ?? new URL('../dist', import.meta.url).pathname;
const { lex } = /** @type {typeof import('../dist/analyzer/sql/sql-lexer.js')} */ (
  await import(`${dist}/analyzer/sql/sql-lexer.js`)
);
const { SqlTokens } = /** @type {typeof import('../dist/analyzer/sql/tokens.js')} */ (
  await import(`${dist}/analyzer/sql/tokens.js`)
);

const KIB = 1024;
const PARTS = 5;
/** Bytes lexed in one part, so that a part takes some milliseconds. */
const PART_BYTES = 8 * KIB * KIB;
/** The last one is what is kept of a text at most. */
const SIZES = [16 * KIB, 64 * KIB, 256 * KIB];
const tokens = new SqlTokens();

const columns = ['id', 'title', 'price'].map((name) => `"shop_book"."${name}"`).join(', ');
const MADE = {
  'Django select': [`SELECT ${columns} FROM "shop_book" WHERE "shop_book"."id" = 42 LIMIT 21`],
  'insert of 500 rows': [
    `INSERT INTO "t" ("a", "b", "c") VALUES ${"(4242, 'text of a row', NULL), ".repeat(499)}(1, 'x', NULL)`,
  ],
  'IN list of 10,000': [`SELECT a FROM t WHERE b IN (${'12345, '.repeat(9999)}1)`],
};
/** One unit again and again, behind a beginning. @type {Record<string, readonly [begin: string, unit: string]>} */
const HOSTILE = {
  'one long string': ["SELECT '", 'x'],
  'doubled quotes': ['"', '""'],
  'dollar signs': ['', '$ $a '],
  'dollar quotes inside': ['$ab$', '$a'],
  'opened comments': ['', '/*'],
  parentheses: ['', '('],
  'signs without end': ['', '+-'],
  'lone signs': ['', '- '],
};

const real = corpusFiles().map((file) => [path.basename(file), textsOf(file)]);
const made = Object.entries(MADE);
const rows = [...real, ...made].map(([name, texts]) => {
  const buffers = /** @type {string[]} */ (texts).map((text) => Buffer.from(text));
  const bytes = buffers.reduce((sum, text) => sum + text.length, 0);
  const perByte = nsPerByte(buffers, bytes);
  return [
    String(name),
    Math.round(bytes / buffers.length),
    Math.round(1000 / perByte),
    Math.round((perByte * bytes) / buffers.length),
  ];
});
const hostile = Object.entries(HOSTILE).map(([name, [begin, unit]]) => {
  const costs = SIZES.map((size) => {
    const text = Buffer.from(begin + unit.repeat(size / unit.length));
    return nsPerByte([text], text.length);
  });
  const speeds = costs.map((ns) => Math.round(1000 / ns));
  return [name, ...speeds, (costs[SIZES.length - 1] / costs[0]).toFixed(2)];
});
const sizes = SIZES.map((size) => `${size / KIB} KiB`);
const text = `## The lexer

\`node bench/lexer.mjs\` at ${commit()}, ${machine()}. The best of ${PARTS} parts; MB of text in a second of processor time.

${table(['text', 'bytes', 'MB/s', 'ns per text'], rows)}

Texts made to hurt it, MB/s at three sizes; 256 KiB is what is kept of a text at most. Linear: the cost of a byte stays the same, so the last
column stays near 1. Where every byte is a token (parentheses, signs) the cost is that of writing a token down, and the largest texts no longer
fit into the processor's caches.

${table(['text', ...sizes, `cost of a byte, ${sizes[sizes.length - 1]} to ${sizes[0]}`], hostile)}`;
console.log(text);
if (real.length > 0) console.log(`written: ${writeSection('lexer', text)}`);
else console.log('not written: no corpus at hand (PGWITNESS_CORPUS)');

/** @param {readonly Buffer[]} texts @param {number} bytes of all of them */
function nsPerByte(texts, bytes) {
  const rounds = Math.max(1, Math.ceil(PART_BYTES / bytes));
  let best = Number.POSITIVE_INFINITY;
  for (let part = 0; part < PARTS; part++) {
    const began = process.cpuUsage();
    for (let round = 0; round < rounds; round++) for (const one of texts) lex(one, tokens);
    const { user, system } = process.cpuUsage(began);
    best = Math.min(best, ((user + system) * 1000) / rounds);
  }
  return best / bytes;
}

/** @returns {readonly string[]} */
function corpusFiles() {
  if (process.argv.length > 2) return process.argv.slice(2);
  const folder = process.env.PGWITNESS_CORPUS ?? path.resolve(ROOT, '../shared/corpus');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl.gz'))
    .map((name) => path.join(folder, name));
}

/** @param {string} file @returns {string[]} */
function textsOf(file) {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line).sql);
}
