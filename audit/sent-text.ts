// Turns a text of the code into what the driver sends: placeholders become parameters.
// Invariant: a text without a placeholder stays as it is. Not here: which texts a place has (catalogue.ts).

import type { CodePlace } from './catalogue.js';

/** `%s` and `%(name)s` of psycopg and Django; `%%` is a per cent sign there. */
const PERCENT = /%(?:\([^)]*\))?s|%%/g;
/** `:name` of SQLAlchemy's text(), where no colon stands before it and no cast is meant; `\:` is a colon. */
const COLON = /\\:|(?<![:\w\\]):([A-Za-z_]\w*)/g;

/** The text as the server gets it, with `$1` where a value goes. */
export function sentText(sql: string, place: Pick<CodePlace, 'kind' | 'api'>): string {
  if (place.kind === 'sqlalchemy') return sql.replace(COLON, (found) => (found === '\\:' ? ':' : '$1'));
  // A text without a placeholder is sent with its per cent signs as they are.
  if (!/%(?:\([^)]*\))?s/.test(sql)) return sql;
  return sql.replace(PERCENT, (found) => (found === '%%' ? '%' : '$1'));
}
