// What the text of a statement says by itself: which compiler could have written it, and what it tells of the connection it came on.
// Invariant: a shape holds no octet of the text, only members of closed sets, so it may be stored; equal shapes are one object
// (interned), so a verdict can be cached per shape. Not here: what follows from it (rule-*.ts, connection-profile.ts).

import { type SqlTokens, TokenKind } from '../sql/tokens.js';
import type { Clue } from './clues.js';
import { isCallproc } from './django-own-sql.js';
import { recogniseDjango } from './recognise-django.js';
import { recogniseHousekeeping } from './recognise-housekeeping.js';
import { cursorClue, cursorNameAt, declaredAt } from './recognise-names.js';
import { recogniseSqlalchemy } from './recognise-sqlalchemy.js';
import { recogniseTool } from './recognise-tool.js';
import type { Construct } from './verdict.js';
import { afterParens, hashSet, isKind, isWord, W } from './words.js';

/**
 * Could this compiler have written the text?
 * no: it never writes so; possible: it could, and so could many; likely: it does, and few others; own: nobody else writes so by habit.
 */
export type Fit = 'no' | 'possible' | 'likely' | 'own';

/** What a statement does for the session rather than for the application; '' = it is not housekeeping. */
export type Housekeeping =
  | ''
  | 'begin'
  | 'end'
  | 'savepoint'
  | 'setting'
  | 'ping'
  | 'lookup'
  | 'cursor'
  | 'prepared'
  | 'reset'
  | 'empty';

/** What a text is when it is written by hand; '' = any statement. */
export type HandForm = '' | 'select' | 'write' | 'copy' | 'call' | 'cursor';

export interface StatementShape {
  readonly django: Fit;
  readonly djangoConstruct: Construct;
  readonly sqlalchemy: Fit;
  readonly sqlalchemyConstruct: Construct;
  readonly hand: HandForm;
  readonly housekeeping: Housekeeping;
  /** A tool that sends exactly this kind of text: "psql", "pg_dump"; '' = none. */
  readonly tool: string;
  /** What the statement proves about its connection. */
  readonly clues: readonly Clue[];
  /** A literal, a parameter or a `$n` stands in the text. */
  readonly hasValues: boolean;
  /** The answer rests on what a key folds (a name, a number, a type): take the shape of each text, do not share it by key. */
  readonly readsFolded: boolean;
}

/** The answers of one recogniser. */
export interface Recognition {
  fit: Fit;
  construct: Construct;
  readsFolded: boolean;
}

export const NOTHING: StatementShape = {
  django: 'no',
  djangoConstruct: '',
  sqlalchemy: 'no',
  sqlalchemyConstruct: '',
  hand: '',
  housekeeping: '',
  tool: '',
  clues: [],
  hasValues: false,
  readsFolded: false,
};

const EXPLAIN_WORDS = hashSet('analyze analyse verbose');

const interned = new Map<string, StatementShape>();

/** The one object for this shape; also the way back from stored JSON. */
export function internShape(shape: StatementShape): StatementShape {
  const id = [
    ...[shape.django, shape.djangoConstruct, shape.sqlalchemy, shape.sqlalchemyConstruct, shape.hand],
    ...[shape.housekeeping, shape.tool, shape.hasValues, shape.readsFolded, ...shape.clues],
  ].join();
  let known = interned.get(id);
  if (known === undefined) {
    known = Object.freeze({
      django: shape.django,
      djangoConstruct: shape.djangoConstruct,
      sqlalchemy: shape.sqlalchemy,
      sqlalchemyConstruct: shape.sqlalchemyConstruct,
      hand: shape.hand,
      housekeeping: shape.housekeeping,
      tool: shape.tool,
      clues: Object.freeze([...shape.clues]),
      hasValues: shape.hasValues,
      readsFolded: shape.readsFolded,
    });
    interned.set(id, known);
  }
  return known;
}

/**
 * The shape of one statement.
 * @param tokens of the whole text, as lex() left them.
 */
export function shapeOf(tokens: SqlTokens): StatementShape {
  const routine = recogniseHousekeeping(tokens);
  const clues: Clue[] = [];
  if (routine !== undefined && routine.clue !== '') clues.push(routine.clue);
  if (routine !== undefined && routine.housekeeping !== '' && routine.housekeeping !== 'ping') {
    return internShape({ ...NOTHING, housekeeping: routine.housekeeping, clues, readsFolded: routine.readsFolded });
  }
  const cursor = cursorNameAt(tokens);
  if (cursor >= 0) return cursorShape(tokens, cursor);
  const at = explainedAt(tokens);
  const { count } = tokens;
  tokens.count = wholeCount(tokens);
  const django = recogniseDjango(tokens, at);
  const sqlalchemy = recogniseSqlalchemy(tokens, at);
  tokens.count = count;
  if (django.fit === 'own' && sqlalchemy.fit !== 'own') clues.push('django-text');
  if (sqlalchemy.fit === 'own') clues.push(isQuery(tokens, at) ? 'sqlalchemy-text' : 'sqlalchemy-write');
  return internShape({
    django: django.fit,
    djangoConstruct: django.construct,
    sqlalchemy: sqlalchemy.fit,
    sqlalchemyConstruct: sqlalchemy.construct,
    hand: handForm(tokens, at),
    housekeeping: routine?.housekeeping ?? '',
    tool: recogniseTool(tokens),
    clues,
    hasValues: hasValues(tokens),
    readsFolded: routine?.readsFolded === true || django.readsFolded || sqlalchemy.readsFolded,
  });
}

/** DECLARE, FETCH and MOVE: whose the cursor is decides. */
function cursorShape(tokens: SqlTokens, name: number): StatementShape {
  const clue = cursorClue(tokens, name);
  const inner = declaredAt(tokens);
  const base = { ...NOTHING, hand: 'cursor' as const, clues: clue === '' ? [] : [clue], readsFolded: true };
  if (clue === 'django-cursor') return internShape({ ...base, django: 'own', djangoConstruct: 'server-side-cursor' });
  const compiled = inner >= 0 ? recogniseSqlalchemy(tokens, inner) : undefined;
  if (clue !== 'sqlalchemy-cursor') return internShape(base);
  if (compiled === undefined) return internShape({ ...base, sqlalchemy: 'own' });
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

const CUT_TOKENS_MAX = 12;

/** A text cut by its length ends inside parentheses or a literal; what stands behind its last comma or parenthesis is left out. */
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

function hasValues(tokens: SqlTokens): boolean {
  for (let i = 0; i < tokens.count; i++) {
    const kind = tokens.kind[i];
    if (kind === TokenKind.string || kind === TokenKind.number || kind === TokenKind.parameter) return true;
  }
  return false;
}
