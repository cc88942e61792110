// Lists the words that Django's compiler writes outside quotes, and words that only people write.
// Invariant: closed sets for Django 3.2 to 6.1 with contrib.postgres and gis.
// Not here: where a word may stand (django-expression.ts).
// Source: django/db/models/sql/compiler.py, django/db/models/{expressions,lookups,functions},
// django/db/backends/postgresql.

import { hashSet } from '../shape/words.js';

/** Keywords inside an expression; Django writes all of them in upper case. */
export const EXPRESSION_KEYWORDS = hashSet(`
  and or not is null in between symmetric like ilike similar to escape case when then else end as distinct from at time zone
  over partition by order asc desc nulls first last rows range groups unbounded preceding following current row exclude ties
  others no group filter where within collate any all some array interval exists true false default xor using for
  current_timestamp current_date current_time localtime localtimestamp overlaps separator both leading trailing returning
  on error empty wrapper conditional unconditional json keys value with without unique ordinality union intersect except limit offset
  year month day hour minute second quarter week isoyear isodow dow doy epoch century decade millennium
`);

/** Keywords that end a clause of SELECT, UPDATE, DELETE or INSERT … SELECT. */
export const CLAUSE_KEYWORDS = hashSet(`
  from where group having order limit offset for union intersect except returning on inner left cross set values window
`);

/** Aggregates and functions Django writes in upper case only: in lower case they are a person's. */
export const HAND_WRITTEN_FUNCTIONS = hashSet(`
  count sum avg max min coalesce now greatest least nullif length concat substring round abs upper string_agg exists cast extract
  date_trunc row_number rank dense_rank
`);

/** Words that may come straight before a parenthesis which is not a function call. */
export const WORDS_BEFORE_GROUP = hashSet(`
  and or not in over filter group when then else case as where by on like between is any all some array values select distinct
  having limit offset set from exists join interval returning row xor escape collate zone symmetric unnest
`);

/** Second and later words of a type name after \`::\`. */
export const TYPE_CONTINUATION = hashSet(
  'precision varying with without time zone to day second month year minute hour',
);
