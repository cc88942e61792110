// The lexer beside Postgres' own scanner, as libpg-query has it: the same tokens, byte for byte.
// Invariant: every difference that is not named here is a failure. libpg-query was changed to show comments, so it
// does not let a string go on behind one; it knows UTF-8 and standard_conforming_strings = on. For all else a server
// has to be asked.

import { loadModule, scanSync } from 'libpg-query';

/** Once, before the first comparison. */
export const loadScanner = loadModule;

/**
 * @typedef {object} Subject
 * @property {typeof import('../../../analyzer/sql/sql-lexer.js').lex} lex
 * @property {typeof import('../../../analyzer/sql/tokens.js').SqlTokens} SqlTokens
 * @property {typeof import('../../../analyzer/sql/tokens.js').TokenKind} TokenKind
 */

const COMMENT = /_COMMENT$/;
const STRING_PART = /^(?:[eEnNbBxX]|[uU]&)?'/;

/**
 * 'same', or why nothing can be compared. Throws where the tokens differ.
 * @param {Subject} subject @param {Buffer} text UTF-8 without control characters other than white space
 */
export function compareWithScan(subject, text) {
  const scanned = scan(text.toString('utf8'));
  if (scanned === undefined) return 'refused';
  for (let i = 0; i < scanned.length; i++) {
    if (!COMMENT.test(scanned[i].tokenName) || !STRING_PART.test(scanned[i - 1]?.text ?? '')) continue;
    let next = i;
    while (next < scanned.length && COMMENT.test(scanned[next].tokenName)) next++;
    if (scanned[next]?.text.startsWith("'")) return 'comment inside a string';
  }
  if (scanned.some(({ tokenName, end }, i) => tokenName === 'PARAM' && hasJunk(scanned[i + 1], end))) return 'junk';
  const expected = merged(scanned.filter(({ tokenName }) => !COMMENT.test(tokenName)));
  const { lex, SqlTokens } = subject;
  const tokens = new SqlTokens();
  lex(text, tokens);
  const found = Array.from({ length: tokens.count }, (_, i) => ({ start: tokens.start[i], end: tokens.end[i] }));
  if (JSON.stringify(found) !== JSON.stringify(expected))
    throw new Error(`${JSON.stringify(text.toString())}: ${shown(text, found)} and not ${shown(text, expected)}`);
  return 'same';
}

/** @param {Buffer} text @param {readonly { start: number, end: number }[]} ranges */
function shown(text, ranges) {
  return ranges.map(({ start, end }) => `⟨${text.subarray(start, end)}⟩`).join('');
}

/** undefined where the scanner refuses the text. @param {string} sql */
function scan(sql) {
  try {
    return scanSync(sql).tokens;
  } catch {
    return undefined;
  }
}

/**
 * $1a: Postgres refuses it since 15, libpg-query does not.
 * @param {import('libpg-query').ScanToken | undefined} next
 * @param {number} end
 */
function hasJunk(next, end) {
  return next?.start === end && /^[^\x00-\x7f]|^\w/.test(next.text);
}

/**
 * N'…' is a keyword and a string to the scanner, one string to the lexer.
 * @param {readonly import('libpg-query').ScanToken[]} scanned
 */
function merged(scanned) {
  /** @type {{ start: number, end: number }[]} */
  const ranges = [];
  let before = '';
  for (const { start, end, text } of scanned) {
    const last = ranges.at(-1);
    const touches = last !== undefined && last.end === start;
    if (touches && /^n$/i.test(before) && text.startsWith("'")) last.end = end;
    else ranges.push({ start, end });
    before = text;
  }
  return ranges;
}
