// Finds the shape of a statement: asks every recogniser whether its library writes such texts.
// Invariant: the answer depends on the tokens alone.
// Not here: what a shape is (shape/shape.ts), what follows from it (rules/, connection/).

import { type SqlTokens, TokenKind } from '../sql/tokens.js';
import { recogniseDjango } from './django/recognise-django.js';
import { recogniseFramework } from './others/recognise-framework.js';
import { recogniseHousekeeping } from './others/recognise-housekeeping.js';
import { cursorClue, cursorNameAt, declaredAt, isPeeweeSavepoint, savepointNameAt } from './others/recognise-names.js';
import { recogniseTool } from './others/recognise-tool.js';
import type { Clue } from './shape/clues.js';
import { readsOf } from './shape/plain-reads.js';
import { type Fit, type HandForm, internShape, NOTHING, type StatementShape } from './shape/shape.js';
import { afterParens, hashSet, isCallproc, isKind, isWord, W } from './shape/words.js';
import { recogniseSqlalchemy } from './sqlalchemy/recognise-sqlalchemy.js';

const EXPLAIN_WORDS = hashSet('analyze analyse verbose');

/**
 * The shape of one statement.
 * @param tokens of the whole text, as lex() left them.
 */
export function shapeOf(tokens: SqlTokens): StatementShape {
  const routine = recogniseHousekeeping(tokens);
  const clues: Clue[] = [];
  if (routine !== undefined && routine.clue !== '') clues.push(routine.clue);
  if (routine !== undefined && routine.housekeeping !== '' && routine.housekeeping !== 'ping') {
    const { housekeeping, readsFolded } = routine;
    const framework =
      housekeeping === 'savepoint' && isPeeweeSavepoint(tokens, savepointNameAt(tokens)) ? 'peewee' : '';
    return internShape({ ...NOTHING, housekeeping, framework, clues, readsFolded });
  }
  const cursor = cursorNameAt(tokens);
  if (cursor >= 0) return cursorShape(tokens, cursor);
  const at = explainedAt(tokens);
  const { count } = tokens;
  tokens.count = wholeCount(tokens);
  const django = recogniseDjango(tokens, at);
  const sqlalchemy = recogniseSqlalchemy(tokens, at);
  tokens.count = count;
  if (!isOwn(sqlalchemy.fit) && isOwn(django.fit)) clues.push(django.fit === 'sure' ? 'django-text' : 'django-form');
  if (isOwn(sqlalchemy.fit)) clues.push(sqlalchemy.fit === 'sure' ? 'sqlalchemy-text' : 'sqlalchemy-write');
  return internShape({
    django: django.fit,
    djangoConstruct: django.construct,
    sqlalchemy: sqlalchemy.fit,
    sqlalchemyConstruct: sqlalchemy.construct,
    hand: handForm(tokens, at),
    housekeeping: routine?.housekeeping ?? '',
    tool: recogniseTool(tokens),
    framework: isOwn(sqlalchemy.fit) || isOwn(django.fit) ? '' : recogniseFramework(tokens, at),
    quoted: isQuoted(tokens),
    clues,
    hasValues: hasValues(tokens),
    reads: readsOf(tokens, at),
    readsFolded: routine?.readsFolded === true || django.readsFolded || sqlalchemy.readsFolded,
  });
}

/** DECLARE, FETCH and MOVE: whose the cursor is decides. */
function cursorShape(tokens: SqlTokens, name: number): StatementShape {
  const clue = cursorClue(tokens, name);
  const inner = declaredAt(tokens);
  const base = { ...NOTHING, hand: 'cursor' as const, clues: clue === '' ? [] : [clue], readsFolded: true };
  if (clue === 'django-cursor') return internShape({ ...base, django: 'sure', djangoConstruct: 'server-side-cursor' });
  const compiled = inner >= 0 ? recogniseSqlalchemy(tokens, inner) : undefined;
  if (clue !== 'sqlalchemy-cursor') return internShape(base);
  if (compiled === undefined) return internShape({ ...base, sqlalchemy: 'sure' });
  return internShape({ ...base, sqlalchemy: compiled.fit, sqlalchemyConstruct: compiled.construct });
}

/** Index of the statement behind EXPLAIN and its options; 0 where there is none. */
function explainedAt(tokens: SqlTokens): number {
  if (!isWord(tokens, 0, W.explain)) return 0;
  let at = 1;
  if (isKind(tokens, at, TokenKind.leftParen)) return afterParens(tokens, at);
  while (at < 4 && EXPLAIN_WORDS.has(tokens.hash[at])) at++;
  return at;
}

const CATALOGUES = hashSet('pg_catalog information_schema pg_class pg_namespace pg_constraint pg_tables pg_indexes');

const CUT_TOKENS_MAX = 12;

/**
 * Tokens to judge by. A text cut by its length ends inside parentheses or a literal: leave out what follows the last
 * whole piece.
 */
function wholeCount(tokens: SqlTokens): number {
  let depth = 0;
  for (let i = 0; i < tokens.count; i++) {
    if (tokens.kind[i] === TokenKind.leftParen) depth++;
    else if (tokens.kind[i] === TokenKind.rightParen) depth--;
  }
  if (depth <= 0 && !tokens.unterminated) return tokens.count;
  const least = Math.max(1, tokens.count - CUT_TOKENS_MAX);
  let count = tokens.count - 1;
  while (count > least && !ENDS_PIECE.has(tokens.kind[count - 1])) count--;
  return Math.max(1, count);
}

const ENDS_PIECE: ReadonlySet<number> = new Set([TokenKind.comma, TokenKind.leftParen, TokenKind.rightParen]);

function isQuery(tokens: SqlTokens, at: number): boolean {
  return isWord(tokens, at, W.select) || isWord(tokens, at, W.with) || isKind(tokens, at, TokenKind.leftParen);
}

function handForm(tokens: SqlTokens, at: number): HandForm {
  if (isWord(tokens, at, W.copy)) return 'copy';
  if (isWord(tokens, at, W.call) || isCallproc(tokens, at)) return 'call';
  if (isQuery(tokens, at)) return 'select';
  return 'write';
}

/** In the library's form throughout. */
function isOwn(fit: Fit): boolean {
  return fit === 'own' || fit === 'sure';
}

function isQuoted(tokens: SqlTokens): boolean {
  for (let i = 0; i < tokens.count; i++) {
    if (tokens.kind[i] === TokenKind.quotedIdentifier || CATALOGUES.has(tokens.hash[i])) return true;
  }
  return false;
}

function hasValues(tokens: SqlTokens): boolean {
  for (let i = 0; i < tokens.count; i++) {
    const kind = tokens.kind[i];
    if (kind === TokenKind.string || kind === TokenKind.number || kind === TokenKind.parameter) return true;
    // In a list these fold like literals, so they count like them.
    if (CONSTANT_WORDS.has(tokens.hash[i]) && BEFORE_ELEMENT.has(tokens.kind[i - 1])) return true;
  }
  return false;
}

const CONSTANT_WORDS = hashSet('null true false default');
const BEFORE_ELEMENT: ReadonlySet<number> = new Set([TokenKind.leftParen, TokenKind.leftBracket, TokenKind.comma]);
