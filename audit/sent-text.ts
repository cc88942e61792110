// Turns a text of the code into what the driver sends: placeholders become parameters.
// Invariant: a text without a placeholder stays as it is. Not here: which texts a place has (catalogue.ts).

import type { CodePlace } from './catalogue.js';

/** `%s` and `%(name)s` of psycopg and Django; `%%` is a per cent sign there. */
const PERCENT = /%(?:\([^)]*\))?s|%%/g;
/** `:name` of SQLAlchemy's text(), where no colon stands before it and no cast is meant; `\:` is a colon. */
const COLON = /\\:|(?<![:\w\\]):([A-Za-z_]\w*)/g;
/**
 * A list where one parameter stands: drivers write a tuple, expanding parameters and execute_values() so. Behind a name
 * the parentheses are those of a function: one value, not a row.
 */
const LIST = /(?:(?<![\w"])\(([^()]*,[^()]*)\)\s*)?(?<=\s|\))(not\s+in|in|values)\s*\$1(?![\w$])/gi;

/** The text as the server gets it, with `$1` where a value goes. */
export function sentText(sql: string, place: Pick<CodePlace, 'kind' | 'api'>): string {
  if (place.kind === 'sqlalchemy') return asLists(sql.replace(COLON, (found) => (found === '\\:' ? ':' : '$1')));
  // A text without a placeholder is sent with its per cent signs as they are.
  if (!/%(?:\([^)]*\))?s/.test(sql)) return sql;
  return asLists(sql.replace(PERCENT, (found) => (found === '%%' ? '%' : '$1')));
}

/** `IN $1` as `IN ($1)`, `(a, b) IN $1` as `(a, b) IN (($1, $1))`, `VALUES $1` as `VALUES ($1)`. */
function asLists(sql: string): string {
  return sql.replace(LIST, (found: string, columns: string | undefined, word: string) => {
    const before = found.slice(0, found.length - '$1'.length);
    if (columns === undefined || /values/i.test(word)) return `${before}($1)`;
    return `${before}((${columns.replace(/[^,]+/g, '$1').split(',').join(', ')}))`;
  });
}
