#!/usr/bin/env node
// Writes docs/FINGERPRINTS.md: our keys beside pg_query's ids.
// Over Postgres' own regression tests and a corpus of recorded traffic: whether texts of one key are one statement to
// pg_query as well, and how many keys share an id. Every exception is listed with its reason; exit 1 when one has
// none.
// Invariant: the document holds texts of the regression tests alone, normalised; of the corpus only counts.
// Not here: how keys are made (analyzer/fingerprint). The tests come as scripts/compat gets them (Debian's source
// package).
//
// Run: node scripts/fingerprints-doc.mjs [--corpus DIR]
//      (default: PGWITNESS_CORPUS, else ../shared/corpus beside the checkout, else none)

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { fingerprintSync } from 'libpg-query';
import { table } from '../bench/lib/document.mjs';
import { debianPostgres } from './compat/debian.mjs';
import { ROOT } from './lib/paths.mjs';
import { build } from './lib/setup/build.mjs';

const { values } = parseArgs({ options: { corpus: { type: 'string' } } });
const corpus = values.corpus ?? process.env.PGWITNESS_CORPUS ?? path.resolve(ROOT, '../shared/corpus');
await build(() => {});
const dist = path.join(ROOT, 'dist', 'analyzer');
const { Fingerprinter } = /** @type {typeof import('../dist/analyzer/fingerprint/fingerprint.js')} */ (
  await import(`${dist}/fingerprint/fingerprint.js`)
);
const { splitStatements } = /** @type {typeof import('../dist/analyzer/fingerprint/split.js')} */ (
  await import(`${dist}/fingerprint/split.js`)
);
const { GRAMMAR } = /** @type {typeof import('../dist/analyzer/fingerprint/grammar.js')} */ (
  await import(`${dist}/fingerprint/grammar.js`)
);
const { lex } = /** @type {typeof import('../dist/analyzer/sql/sql-lexer.js')} */ (
  await import(`${dist}/sql/sql-lexer.js`)
);
const { SqlTokens } = /** @type {typeof import('../dist/analyzer/sql/tokens.js')} */ (
  await import(`${dist}/sql/tokens.js`)
);

/** Texts of the corpus are cut at this many characters, some inside a literal. */
const CUT_CHARACTERS = 8192;
const SHOWN_CHARACTERS = 160;
const SHOWN_SHARED = 12;

/**
 * Why pg_query's id of an original may depend on what a key folds. The first that matches is said.
 * @type {readonly [RegExp, string][]}
 */
const REASONS = [
  [/^\s*(?:FETCH|MOVE)\b/i, 'the count of FETCH and MOVE is part of the id'],
  [/^\s*COPY\b/i, 'file names and options of COPY are part of the id'],
  [/^\s*(?:COMMENT|SECURITY)\b/i, 'the text of COMMENT and SECURITY LABEL is part of the id'],
  [/^\s*(?:NOTIFY|LISTEN|LOAD|DO)\b/i, 'the text of NOTIFY, LOAD and DO is part of the id'],
  [
    /^\s*(?:CREATE|ALTER|DROP|IMPORT)\b/i,
    'options, bodies, passwords, labels and bounds of CREATE and ALTER are part of the id',
  ],
  [/^\s*(?:SET|RESET|SHOW)\b/i, 'values of SET are part of the id'],
  [
    /^\s*(?:PREPARE|COMMIT|ROLLBACK|BEGIN|START|SAVEPOINT|RELEASE)\b/i,
    'names of transactions and savepoints are part of the id',
  ],
  [/^\s*(?:DEALLOCATE|DECLARE|CLOSE|EXECUTE)\b/i, 'names of cursors and prepared statements are part of the id'],
  [
    /^\s*(?:EXPLAIN|VACUUM|ANALYZE|CLUSTER|REINDEX|CALL|GRANT|REVOKE|LOCK)\b/i,
    'options of utility statements are part of the id',
  ],
  [/\bARRAY\s*\[/i, 'the number of constants of an ARRAY is part of the id'],
  [/\bUESCAPE\b/i, 'UESCAPE changes what the name in front of it says'],
  [
    /\b(?:CURRENT_TIME|CURRENT_TIMESTAMP|LOCALTIME|LOCALTIMESTAMP)\s*\(/i,
    'the precision of CURRENT_TIME is part of the id',
  ],
  [/\bFLOAT\s*\(/i, 'float(n) is float4 or float8 by n'],
  [
    /\b(?:INTERVAL|BIT|CHAR|VARCHAR|NUMERIC|DECIMAL|TIME|TIMESTAMP)\b/i,
    'modifiers of types become constants of another form',
  ],
  [
    /\b(?:XMLPARSE|XMLSERIALIZE|XMLROOT|XMLELEMENT|XMLFOREST|XMLPI|JSON_\w+|JSON)\b/i,
    'options of XML and JSON are part of the id',
  ],
];

/** @typedef {{ sql: string, key: string, id: string, original: string, query: string, summary: string }} Seen */

const fingerprinter = await Fingerprinter.load({ analyse: () => undefined });
const debian = await debianPostgres((text) => process.stderr.write(`${text}\n`));
const sources = [];
if ('missing' in debian) process.stderr.write(`without the regression tests: ${debian.missing}\n`);
else
  sources.push({
    name: `Postgres ${debian.sourceVersion} regress`,
    texts: regressTexts(path.join(debian.source, 'src/test/regress/sql')),
    shown: true,
  });
const files = existsSync(corpus) ? readdirSync(corpus).filter((name) => name.endsWith('.jsonl.gz')) : [];
if (files.length === 0) process.stderr.write(`without a corpus: no *.jsonl.gz in ${corpus}\n`);
else sources.push({ name: 'recorded traffic (Django, SQLAlchemy, raw)', texts: corpusTexts(), shown: false });
if (sources.length < 2) {
  process.stderr.write('docs/FINGERPRINTS.md is not written: it needs both\n');
  process.exit(1);
}

let unexplained = 0;
const parts = sources.map(({ name, texts, shown }) => {
  const seen = [...texts].map(seenOf);
  const split = apartOf(seen);
  const shared = sharedOf(seen);
  const other = seen.filter(({ id, original }) => original !== '' && id !== original);
  const readable = seen.filter(({ original }) => original !== '');
  const refused = seen.filter(({ id, original }) => id.startsWith('x') !== (original === ''));
  const keys = new Set(seen.map(({ key }) => key)).size;
  const lines = [
    ['distinct texts', seen.length],
    ['of them read by the grammar', readable.length],
    ['keys', keys],
    ['ids', new Set(seen.map(({ id }) => id)).size],
    ['keys whose texts have more than one id as written', split.length],
    ['texts whose own id is not that of their key', other.length],
    ['texts that the grammar reads as written and not as a key, or the other way round', refused.length],
  ];
  const without = split.filter(({ reason }) => reason === '');
  unexplained += without.length;
  return [
    `## ${name}`,
    table(['', ''], lines),
    '### Keys whose texts have more than one id as written',
    reasonTable(split.map(({ reason }) => reason)),
    ...(without.length > 0
      ? [
          without
            .map(
              ({ query, texts: some }) =>
                `- \`${cut(query)}\`: ${some
                  .slice(0, 2)
                  .map((sql) => `\`${cut(sql)}\``)
                  .join(', ')}`,
            )
            .join('\n'),
        ]
      : []),
    '### Texts whose own id is not that of their key',
    reasonTable(other.map(({ sql }) => reasonOf(sql))),
    ...(shown ? [listOf(other.filter(({ sql }) => reasonOf(sql) === ''))] : []),
    ...(refused.length > 0 ? ['### Read as written or as a key, not both', refusedText(refused)] : []),
    '### Ids that several keys share',
    table(['keys of one id', 'ids'], shared.counts),
    ...(shown ? [table(['the ids of most keys', 'keys', 'two of them'], shared.most)] : []),
  ].join('\n\n');
});

const document = `# Fingerprints, checked

\`node scripts/fingerprints-doc.mjs\` with ${GRAMMAR}. A statement's id is computed from its key (docs/ARCHITECTURE.md, step 8), never from its text, so two
things are to be shown: texts of one key are one statement to pg_query as well, and how many keys one id stands for. Where pg_query puts
literals of a text into its id, one key has texts of several ids: that is wanted, and each case is counted with its reason.

${parts.join('\n\n')}

Several keys share an id where pg_query ignores what tells them apart: spelling and case, redundant parentheses, aliases, numbers in the names of
tables, the order of columns in an INSERT and of elements of a list. \`pgwitness show\` lists them as variants, at most 20 of an id.

## What the grammar has not read

An id that begins with \`x\` is of a text that the grammar refuses or does not look at: a key over 64 KiB, brackets deeper than 256, more than 64
UNIONs. Any word of such a text may be a literal (a password at the wrong prompt, prose between ‘the wrong quotes’), so its structure alone is shown:
words that part clauses, punctuation, and \`?\` for all else. The id is a hash of what is shown, so that the text cannot be found by trying
words; only a key over 64 KiB keeps an id of its own. An id that begins with \`t\` is of a text that was cut: where the grammar reads what is
there, once it is completed, its words are shown; else it is treated the same.
`;
writeFileSync(path.join(ROOT, 'docs', 'FINGERPRINTS.md'), document);
process.stderr.write(`written: docs/FINGERPRINTS.md; without a reason: ${unexplained}\n`);
process.exitCode = unexplained > 0 ? 1 : 0;

/** @param {string} sql @returns {Seen} */
function seenOf(sql) {
  const { key, fingerprint, query, summary } = fingerprinter.identify(Buffer.from(sql), {
    backslashEscapes: false,
    missingBytes: 0,
  });
  return { sql, key, id: fingerprint, original: originalId(sql), query, summary };
}

/** pg_query's id of the text as it is, '' where it cannot be read. @param {string} sql */
function originalId(sql) {
  try {
    const id = fingerprintSync(sql);
    return typeof id === 'string' && /^[0-9a-f]{16}$/.test(id) ? id : '';
  } catch {
    return '';
  }
}

/** @param {readonly Seen[]} seen */
function apartOf(seen) {
  return [...byOf(seen, 'key').values()].flatMap((alike) => {
    const ids = new Map(alike.filter(({ original }) => original !== '').map(({ original, sql }) => [original, sql]));
    if (ids.size < 2) return [];
    return [{ query: alike[0].query, texts: [...ids.values()], reason: reasonOf(alike[0].sql) }];
  });
}

/** @param {readonly Seen[]} seen */
function sharedOf(seen) {
  const ids = [...byOf(seen, 'id')].map(([id, alike]) => ({
    id,
    queries: [...new Map(alike.map(({ key, query }) => [key, query])).values()],
  }));
  const steps = [1, 2, 3, 5, 10, 20, Number.POSITIVE_INFINITY];
  const counts = steps.slice(0, -1).map((from, i) => {
    const to = steps[i + 1];
    const name =
      to === Number.POSITIVE_INFINITY ? `${from} and more` : to === from + 1 ? String(from) : `${from} to ${to - 1}`;
    return [name, ids.filter(({ queries }) => queries.length >= from && queries.length < to).length];
  });
  const most = ids.sort((a, b) => b.queries.length - a.queries.length).slice(0, SHOWN_SHARED);
  return {
    counts,
    most: most.map(({ id, queries }) => [
      `\`${id}\``,
      queries.length,
      queries
        .slice(0, 2)
        .map((query) => `\`${cut(query)}\``)
        .join('<br>'),
    ]),
  };
}

/** @param {readonly Seen[]} seen @param {'key' | 'id'} by @returns {Map<string, Seen[]>} */
function byOf(seen, by) {
  const map = new Map();
  for (const one of seen) {
    const alike = map.get(one[by]);
    if (alike === undefined) map.set(one[by], [one]);
    else alike.push(one);
  }
  return map;
}

/** @param {readonly string[]} reasons */
function reasonTable(reasons) {
  if (reasons.length === 0) return 'None.';
  const counts = new Map();
  for (const reason of reasons)
    counts.set(reason || '(no reason known)', (counts.get(reason || '(no reason known)') ?? 0) + 1);
  return table(
    ['reason', 'how many'],
    [...counts].sort((a, b) => b[1] - a[1]),
  );
}

/**
 * Texts of the regression tests without a reason, as they are: they hold nobody's literals.
 * @param {readonly Seen[]} some
 */
function listOf(some) {
  return some.map(({ sql, query }) => `- \`${cut(sql)}\` has the key \`${cut(query)}\``).join('\n');
}

/** @param {readonly Seen[]} refused */
function refusedText(refused) {
  const asKey = refused.filter(({ original }) => original === '');
  const asWritten = refused.filter(({ original }) => original !== '');
  return `${asKey.length} only as a key: what the grammar refuses is inside a literal (a bad escape, letters behind a number), or in what
folds away (a second row of VALUES where only one may stand), and none of that is in a key. The server refuses them too, so they are counted as errors of the statement that the key stands for. ${asWritten.length} only as written: ${
    asWritten.map(({ sql }) => `\`${cut(sql)}\``).join(', ') || 'none'
  }.`;
}

/** @param {string} sql */
function reasonOf(sql) {
  const bare = sql.replace(/^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/, '');
  return REASONS.find(([pattern]) => pattern.test(bare))?.[1] ?? '';
}

/** One line that Markdown shows as it is. @param {string} text */
function cut(text) {
  const line = text.replace(/\s+/g, ' ').replaceAll('`', "'").replaceAll('|', '\\|').trim();
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line;
}

/**
 * The statements of psql scripts: without psql's own commands and the data of COPY.
 * @param {string} folder
 * @returns {Set<string>}
 */
function regressTexts(folder) {
  const texts = new Set();
  const tokens = new SqlTokens();
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.sql'))) {
    const kept = [];
    let inData = false;
    for (const line of readFileSync(path.join(folder, name), 'latin1').split('\n')) {
      if (inData) inData = line !== '\\.';
      else if (/^\s*\\/.test(line)) kept.push(';');
      else {
        kept.push(line.replace(/\\(?:g\w*|crosstabview|watch|;).*$/, ';'));
        inData = /^\s*copy\b.*\bfrom\s+stdin\b.*;\s*$/i.test(line);
      }
    }
    const bytes = Buffer.from(kept.join('\n'), 'latin1');
    lex(bytes, tokens);
    for (const { start, end } of splitStatements(tokens)) {
      const sql = bytes.toString('utf8', start, end).trim();
      // A variable of psql is no SQL.
      if (sql !== '' && !sql.includes('\0') && !/(?<![:\w]):["'a-z]/i.test(sql)) texts.add(sql);
    }
  }
  return texts;
}

/** @returns {Set<string>} */
function corpusTexts() {
  const texts = new Set();
  for (const file of files) {
    for (const line of gunzipSync(readFileSync(path.join(corpus, file)))
      .toString('utf8')
      .split('\n')) {
      if (line === '') continue;
      const { sql } = JSON.parse(line);
      if (sql.length < CUT_CHARACTERS && !sql.includes('\0')) texts.add(sql);
    }
  }
  return texts;
}
