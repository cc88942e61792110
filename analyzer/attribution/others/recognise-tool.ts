// Recognises look-ups that only a tool sends, by their first words.
// Invariant: a text that an application could have written is not claimed.
// Not here: tools known by their application_name (tool-names.ts).

import { type SqlTokens, wordHash } from '../../sql/tokens.js';
import { beginsWith, isWord, W } from '../shape/words.js';

const PSQL: readonly (readonly number[])[] = [
  'select c oid n nspname c relname from pg_catalog pg_class c left join pg_catalog pg_namespace',
  'select n nspname as c relname as case c relkind when',
  'select n nspname as p proname as pg_catalog pg_get_function_result',
  'select d datname as pg_catalog pg_get_userbyid',
  'select c relchecks c relkind c relhasindex',
].map((words) => words.split(' ').map(wordHash));

/** The tool's name, or ''. */
export function recogniseTool(tokens: SqlTokens): string {
  if (!isWord(tokens, 0, W.select)) return '';
  return PSQL.some((words) => beginsWith(tokens, 0, words)) ? 'psql' : '';
}
