// Knows how SQLAlchemy's Postgres dialect quotes names and makes labels.
// Not here: where names stand (sqlalchemy-grammar.ts).
// Source: IdentifierPreparer._requires_quotes, RESERVED_WORDS of sqlalchemy/dialects/postgresql/base.py (1.4 to 2.1).

import type { SqlTokens } from '../../sql/tokens.js';
import { wordHash } from '../../sql/tokens.js';
import { hashSet, isLower } from '../shape/words.js';

const RESERVED = hashSet(`
  all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create current_catalog
  current_date current_role current_time current_timestamp current_user default deferrable desc distinct do else end except
  false fetch for foreign from grant group having in initially intersect into leading limit localtime localtimestamp new not
  null of off offset old on only or order placing primary references returning select session_user some symmetric table then
  to trailing true union unique user using variadic when where window with authorization between binary cross current_schema
  freeze full ilike inner is isnull join left like natural notnull outer over overlaps right similar verbose
`);

/** Keywords that are the compiler's in upper case; in lower case they come out of a text(). */
export const KEYWORDS = hashSet(`
  select from where and or not as in is null join left right outer inner full cross on group by having order limit offset union
  except intersect all distinct between like ilike case when then else end exists cast over partition asc desc nulls first last
  for update set values into insert delete returning with recursive lateral only using conflict do nothing default similar to
  escape filter within rows range unbounded preceding following current row natural any collate fetch next ties extract
`);

/** A word that the dialect would write as it stands: lower case throughout and not reserved. */
export function isPlainName(tokens: SqlTokens, index: number): boolean {
  return isLower(tokens, index) && !RESERVED.has(tokens.hash[index]);
}

/**
 * A quoted name that the dialect would quote: a capital, an odd character, a digit or $ in front, or a reserved word.
 */
export function needsQuotes(tokens: SqlTokens, index: number): boolean {
  const { bytes } = tokens;
  const start = tokens.start[index] + 1;
  const end = tokens.end[index] - 1;
  let hash = '';
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    const plain =
      (byte >= 97 && byte <= 122) || byte === 95 || (at > start && ((byte >= 48 && byte <= 57) || byte === 36));
    if (!plain) return true;
    hash += String.fromCharCode(byte);
  }
  return RESERVED.has(wordHash(hash));
}

/** `label` is `table` + "_" + `column`, whichever of them are quoted. */
export function isOrmLabel(tokens: SqlTokens, part: { table: number; column: number; label: number }): boolean {
  const bare = (index: number) => tokens.text(index).replaceAll('"', '');
  const wanted = `${bare(part.table)}_${bare(part.column)}`;
  return bare(part.label) === wanted || bare(part.label).startsWith(`${wanted}_`);
}
