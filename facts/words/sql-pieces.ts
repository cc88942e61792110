// Cuts a normalised statement into pieces for people, and lays it out in lines where it has none.
// Invariant: the pieces' texts are the statement's characters, in order, but for white space.
// Not here: understanding SQL (analyzer/sql): a mistake here is one of looks.

const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|\$\d+|\$\?|\?|[\p{L}_][\p{L}\p{N}_$]*|\d[\d.]*|\s+|./gsu;

const KEYWORDS = new Set(
  `ALL ALTER ANALYZE AND ANY AS ASC BEGIN BETWEEN BY CALL CASE CAST CLOSE COLLATE COMMIT CONFLICT COPY CREATE CROSS CURRENT_DATE
  CURRENT_TIMESTAMP CURSOR DECLARE DEFAULT DELETE DESC DISTINCT DO DROP ELSE END EXCEPT EXISTS EXPLAIN EXTRACT FALSE FETCH FILTER FOR
  FROM FULL GROUP HAVING ILIKE IN INDEX INNER INSERT INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT LOCK LOCKED MERGE NATURAL
  NO NOT NOTHING NULL NULLS OFFSET ON OR ORDER OUTER OVER PARTITION RECURSIVE RELEASE RETURNING RIGHT ROLLBACK ROW ROWS SAVEPOINT SELECT
  SET SHOW SKIP SOME STDIN STDOUT TABLE THEN TO TRUE TRUNCATE UNION UPDATE USING VALUES VIEW WHEN WHERE WINDOW WITH`.split(
    /\s+/,
  ),
);
/** Keywords that begin a line outside parentheses. */
const CLAUSES = new Set(
  'FROM WHERE GROUP ORDER HAVING LIMIT OFFSET UNION EXCEPT INTERSECT VALUES SET RETURNING WINDOW FOR'.split(' '),
);
const JOIN_STARTS = new Set('LEFT RIGHT FULL INNER CROSS NATURAL JOIN'.split(' '));
/** Characters that are read; on the page each coloured piece costs an element. */
const READ_MAX = 20_000;

export interface SqlPiece {
  readonly kind: string;
  readonly text: string;
  /** In capitals, of a word; '' of anything else. */
  readonly word: string;
  /** Open parentheses around it; of a parenthesis, around what it holds. */
  readonly depth: number;
  /** A clause or a join begins with it. */
  readonly startsClause: boolean;
}

/** Of a text beyond what is read, the rest is one piece. */
export function sqlPieces(sql: string): SqlPiece[] {
  const out: SqlPiece[] = [];
  let depth = 0;
  let before = '';
  for (const text of sql.slice(0, READ_MAX).match(TOKEN) ?? []) {
    const kind = kindOf(text);
    const word = kind === 'word' ? text.toUpperCase() : '';
    if (text === '(') depth++;
    const startsJoin = JOIN_STARTS.has(word) && !JOIN_STARTS.has(before) && before !== 'OUTER';
    const startsClause = startsJoin || (CLAUSES.has(word) && !(word === 'FROM' && before === 'DISTINCT'));
    out.push({ kind: KEYWORDS.has(word) ? 'keyword' : kind, text, word, depth, startsClause });
    if (text === ')') depth--;
    if (kind !== 'space' && kind !== 'comment') before = word;
  }
  if (sql.length > READ_MAX) {
    out.push({ kind: 'rest', text: sql.slice(READ_MAX), word: '', depth, startsClause: false });
  }
  return out;
}

/** Lists are long, so a piece is told by its first character and not by another expression. */
function kindOf(text: string): string {
  const first = text[0];
  if (first === '"') return 'name';
  if (first === "'") return 'string';
  if (first === '?' || (first === '$' && text.length > 1)) return 'mark';
  if (first === ' ' || first === '\n') return 'space';
  if (first >= '0' && first <= '9') return 'number';
  if ((first === '-' && text[1] === '-') || (first === '/' && text[1] === '*')) return 'comment';
  return /^[\p{L}_]/u.test(text) ? 'word' : /^\s/u.test(text) ? 'space' : 'sign';
}

const LINE_BREAK: SqlPiece = { kind: 'space', text: '\n', word: '', depth: 0, startsClause: false };

/** The pieces with a line for each clause; those of a text that has lines of its own stay as they are. */
export function laidOut(sql: string): SqlPiece[] {
  const pieces = sqlPieces(sql);
  if (sql.includes('\n')) return pieces;
  const out: SqlPiece[] = [];
  for (const piece of pieces) {
    if (piece.startsClause && piece.depth === 0 && out.length > 0) {
      if (out.at(-1)?.kind === 'space') out.pop();
      out.push(LINE_BREAK);
    }
    out.push(piece);
  }
  return out;
}
