// Shortens a normalised statement to one line that tells it from others.
// For the lists of terminal, tail and page.
// Long select lists, column lists and joins are folded into "…"; columns of the main table lose its name.
// Invariant: what is left stands in the order of the text; a folded stretch leaves its "…". Not here: cutting to a
// width, escaping.

import { type SqlPiece, sqlPieces } from './sql-pieces.js';

/** Lists up to so many characters stay: they say as much as a fold. */
const LIST_MAX = 24;
/** A list shows the beginning of a text. */
const CHARACTERS_MAX = 1_000;

/** `SELECT … FROM "store_product" JOIN … WHERE "id" = ?` */
export function shortSql(sql: string): string {
  const pieces = sqlPieces(sql).filter(({ kind }) => kind !== 'comment');
  const main = mainTableAt(pieces);
  const table = main === undefined ? undefined : pieces[main].text;
  let out = '';
  for (let at = 0; at < pieces.length && out.length < CHARACTERS_MAX; at++) {
    const piece = pieces[at];
    const fold = foldAfter(pieces, at);
    if (fold !== undefined) {
      out += `${fold.shown}…${pieces[fold.end]?.text === ')' ? '' : ' '}`;
      at = fold.end - 1;
    } else if (piece.text === table && at !== main && pieces[at + 1]?.text === '.') at++;
    else out += piece.kind === 'space' ? ' ' : piece.text;
  }
  return out.replace(/ {2,}/g, ' ').trim();
}

/** The table that a statement is about: of its outermost FROM, INTO or UPDATE; '' where there is none. */
export function mainTableOf(sql: string): string {
  const pieces = sqlPieces(sql).filter(({ kind }) => kind !== 'comment');
  const at = mainTableAt(pieces);
  if (at === undefined) return '';
  let name = '';
  for (let next = at; next < pieces.length; next += 2) {
    name = name === '' ? unquoted(pieces[next].text) : `${name}.${unquoted(pieces[next].text)}`;
    if (pieces[next + 1]?.text !== '.' || pieces[next + 2] === undefined) break;
  }
  return name;
}

const BEFORE_TABLE = new Set(['FROM', 'INTO', 'UPDATE', 'COPY']);

function mainTableAt(pieces: readonly SqlPiece[]): number | undefined {
  let expects = false;
  for (const [at, { word, kind, depth, text }] of pieces.entries()) {
    if (kind === 'space' || depth > 0) {
      if (text === '(') expects = false;
      continue;
    }
    if (BEFORE_TABLE.has(word)) expects = true;
    else if (expects && word !== 'ONLY' && word !== 'LATERAL') {
      if (kind === 'word' || kind === 'name') return at;
      expects = false;
    }
  }
  return undefined;
}

interface Fold {
  readonly shown: string;
  /** The first piece that is shown again. */
  readonly end: number;
}

/** What is folded from this piece on; undefined = it is shown. */
function foldAfter(pieces: readonly SqlPiece[], at: number): Fold | undefined {
  const { word, depth, startsClause, text } = pieces[at];
  if (word === 'SELECT') {
    const distinct = nextWord(pieces, at) === 'DISTINCT';
    const end = clauseEnd(pieces, at, depth);
    if (lengthOf(pieces, at + 1, end) <= LIST_MAX) return undefined;
    return { shown: distinct ? `${text} DISTINCT ` : `${text} `, end };
  }
  if (word === 'RETURNING' || word === 'SET') {
    const end = clauseEnd(pieces, at, depth);
    return lengthOf(pieces, at + 1, end) <= LIST_MAX ? undefined : { shown: `${text} `, end };
  }
  if (startsClause && isJoin(word)) {
    let end = at;
    while (end < pieces.length && (end === at || isJoin(pieces[end].word))) end = clauseEnd(pieces, end, depth, true);
    return { shown: 'JOIN ', end };
  }
  if (text === '(' && isColumnList(pieces, at)) {
    const end = closing(pieces, at);
    return lengthOf(pieces, at + 1, end) <= LIST_MAX ? undefined : { shown: '(', end };
  }
  return undefined;
}

function isJoin(word: string): boolean {
  return /^(?:LEFT|RIGHT|FULL|INNER|CROSS|NATURAL|JOIN)$/.test(word);
}

/** The place of the next clause of this depth, or of the parenthesis that closes it. */
function clauseEnd(pieces: readonly SqlPiece[], from: number, depth: number, joinWords = false): number {
  let end = from + 1;
  // LEFT OUTER JOIN is one start, not three.
  if (joinWords) while (end < pieces.length && (pieces[end].kind === 'space' || isJoinPart(pieces[end].word))) end++;
  for (; end < pieces.length; end++) {
    const piece = pieces[end];
    if (piece.depth < depth || (piece.depth === depth && (piece.startsClause || (piece.text === ')' && depth > 0))))
      break;
    if (piece.depth === depth && piece.text === ';') break;
  }
  return end;
}

function isJoinPart(word: string): boolean {
  return isJoin(word) || word === 'OUTER';
}

/** INSERT INTO t (…): the parenthesis after the name. */
function isColumnList(pieces: readonly SqlPiece[], at: number): boolean {
  const words: string[] = [];
  for (let before = at - 1; before >= 0 && words.length < 4; before--) {
    const { kind, text, word } = pieces[before];
    if (kind === 'space' || text === '.') continue;
    if (word === 'INTO') return true;
    if (kind !== 'name' && kind !== 'word') return false;
    words.push(text);
  }
  return false;
}

function closing(pieces: readonly SqlPiece[], at: number): number {
  const { depth } = pieces[at];
  let end = at + 1;
  while (end < pieces.length && !(pieces[end].text === ')' && pieces[end].depth === depth)) end++;
  return end;
}

function nextWord(pieces: readonly SqlPiece[], at: number): string {
  return pieces.slice(at + 1, at + 3).find(({ kind }) => kind !== 'space')?.word ?? '';
}

function lengthOf(pieces: readonly SqlPiece[], from: number, to: number): number {
  let length = 0;
  for (let at = from; at < to; at++) length += pieces[at].text.length;
  return length;
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
