// Recognises the look-ups of SQLAlchemy's reflection that its Postgres dialect keeps as text.
// They are 1.4's; the dialect of 2.0 compiles its look-ups (sqlalchemy-grammar.ts notes their tables).
// Invariant: a closed list of first words; a text that psql or an application could send so is not claimed.
// Source: sqlalchemy/dialects/postgresql/base.py of 1.4: has_table, has_sequence, has_type, get_table_oid,
// get_columns and others.

import { Gap, type SqlTokens, wordHash } from '../../sql/tokens.js';
import type { Recognition } from '../shape/shape.js';
import { beginsWith } from '../shape/words.js';

/** First words of those that begin on a line of their own, indented; what is not a word is left out. */
const INDENTED = listOf([
  'select exists select from pg_catalog pg_type t',
  'select c oid from pg_catalog pg_class c left join pg_catalog pg_namespace n on',
  'select a attname pg_catalog format_type a atttypid a atttypmod select pg_catalog pg_get_expr',
  'select a attname from pg_attribute a join select unnest ix indkey attnum',
  'select a attname from pg_class t join pg_index ix on',
  'select conname from pg_catalog pg_constraint r where r conrelid',
  'select r conname pg_catalog pg_get_constraintdef r oid true as condef',
  'select i relname as relname ix indisunique ix indexprs',
  'select cons conname as name cons conkey as key',
  'select cons conname as name pg_get_constraintdef cons oid as src',
  'select pgd description as table_comment from pg_catalog pg_description pgd',
  'select t typname as pg_catalog pg_type_is_visible t oid as n nspname as e enumlabel',
  'select t typname as pg_catalog format_type t typbasetype t typtypmod as',
]);

/** First words of those in one line. */
const ONE_LINE = listOf([
  'select nspname from pg_namespace where lower nspname',
  'select nspname from pg_namespace where nspname not like order by nspname',
  'select relname from pg_class c join pg_namespace n on n oid c relnamespace where',
  'select c relname from pg_class c join pg_namespace n on n oid c relnamespace where n nspname and c relkind',
  'select pg_get_viewdef c oid view_def from pg_class c join pg_namespace n on',
]);

function listOf(texts: readonly string[]): readonly (readonly number[])[] {
  return texts.map((words) => words.split(' ').map(wordHash));
}

export function recogniseReflection(tokens: SqlTokens, at: number): Recognition | undefined {
  if (at !== 0) return undefined;
  const isIndented = tokens.gap[0] === Gap.otherNewline;
  if (!isIndented && tokens.gap[0] !== Gap.none) return undefined;
  for (const words of isIndented ? INDENTED : ONE_LINE) {
    if (beginsWith(tokens, 0, words))
      return { fit: isIndented ? 'sure' : 'own', construct: 'reflection', readsFolded: false };
  }
  return undefined;
}
