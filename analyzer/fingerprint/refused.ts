// The key of a text that the grammar has not read: its structure alone.
// Any word of it may be a literal.
// A password at the wrong prompt, prose between the wrong quotes, and a text read under wrong settings all end here.
// Invariant: of words only those of STRUCTURE are left, and of signs only punctuation and plain operators. Runs of
// what is hidden become one mark, so that neither their number nor their length is told.
// Not here: which texts the grammar has not read (fingerprint-of-key.ts).

import { Mark } from './key-marks.js';

/**
 * Words that part a statement into its clauses. Those that may be a value as well ("left", "all", "open") are not
 * here.
 */
const STRUCTURE: ReadonlySet<string> = new Set(
  (
    'select insert update delete merge into from where set values join on using and or not in is null as distinct case ' +
    'when then else end group by order having limit offset union intersect except with returning create alter drop'
  ).split(' '),
);

/** Verbs that a summary may begin with. */
const VERBS: ReadonlySet<string> = new Set(
  (
    'SELECT INSERT UPDATE DELETE MERGE VALUES WITH CREATE ALTER DROP TRUNCATE BEGIN START COMMIT ROLLBACK SAVEPOINT ' +
    'RELEASE DECLARE FETCH MOVE CLOSE PREPARE EXECUTE DEALLOCATE COPY EXPLAIN ANALYZE VACUUM SET SHOW RESET GRANT REVOKE ' +
    'CALL DO LOCK LISTEN NOTIFY UNLISTEN DISCARD REFRESH COMMENT REINDEX CLUSTER CHECKPOINT'
  ).split(' '),
);

/** Words, quoted names, operators, marks, single signs, and the spaces between them. */
const PART = /[A-Za-z_\x80-\xff][\w$\x80-\xff]*|"(?:[^"]|"")*"?|[~!@#^&|`?+\-*/%<>=]+|[\s\S]/g;
const PLAIN_OPERATOR = /^(?:[-+*/%<>=]|[<>]=|<>|!=|\|\||->>?)$/;
const PUNCTUATION = /^[()[\],;]$/;

/** `key` without what may be a literal. */
export function maskedKey(key: string): string {
  let masked = '';
  let hides = false;
  let space = '';
  for (const [part] of key.matchAll(PART)) {
    if (part === ' ') {
      space = ' ';
      continue;
    }
    const isCut = part.charCodeAt(0) === Mark.truncated;
    const isKept = isCut || PUNCTUATION.test(part) || PLAIN_OPERATOR.test(part) || STRUCTURE.has(part.toLowerCase());
    if (isKept || !hides) masked += space + (isKept ? part : HIDDEN);
    hides = !isKept;
    space = '';
  }
  return masked;
}

const HIDDEN = String.fromCharCode(Mark.hidden);

/** `command` if it is a verb of SQL, else ''. */
export function verbOf(command: string): string {
  return VERBS.has(command) ? command : '';
}
