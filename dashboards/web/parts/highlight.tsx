// Colours a normalised statement, and breaks it into lines if it has none.
// Invariant: the characters shown are those of the text, in order, but for white space; each is a text node.
// Not here: understanding SQL (analyzer/sql): a mistake here is one of colour.

const TOKEN =
  /(?<comment>--[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>'(?:[^']|'')*'?)|(?<name>"(?:[^"]|"")*"?)|(?<mark>\$\d+|\$\?|\?)|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<number>\d[\d.]*)|(?<space>\s+)|(?<sign>.)/gsu;

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
/** Characters that are coloured; each coloured piece costs an element. */
const COLOURED_MAX = 20_000;

interface Piece {
  readonly kind: string;
  readonly text: string;
}

function pieces(sql: string): Piece[] {
  const out: Piece[] = [];
  const breaks = !sql.includes('\n');
  let depth = 0;
  let previousWord = '';
  for (const match of sql.slice(0, COLOURED_MAX).matchAll(TOKEN)) {
    const [kind, text] = Object.entries(match.groups!).find(([, value]) => value !== undefined)!;
    const word = kind === 'word' ? text.toUpperCase() : '';
    if (text === '(') depth++;
    if (text === ')') depth--;
    const startsJoin = JOIN_STARTS.has(word) && !JOIN_STARTS.has(previousWord) && previousWord !== 'OUTER';
    const startsClause = CLAUSES.has(word) && !(word === 'FROM' && previousWord === 'DISTINCT');
    if (breaks && depth === 0 && out.length > 0 && (startsJoin || startsClause)) {
      if (out.at(-1)?.kind === 'space') out.pop();
      out.push({ kind: 'space', text: '\n' });
    }
    out.push({ kind: word !== '' && KEYWORDS.has(word) ? 'keyword' : kind, text });
    if (word !== '') previousWord = word;
  }
  if (sql.length > COLOURED_MAX) out.push({ kind: 'rest', text: sql.slice(COLOURED_MAX) });
  return out;
}

const COLOURED = new Set(['keyword', 'string', 'name', 'mark', 'number', 'comment']);

export function Sql({ text, label }: { text: string; label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="sql" tabIndex={0} aria-label={label}>
      <code>
        {pieces(text).map(({ kind, text: piece }, index) =>
          COLOURED.has(kind) ? (
            <span key={index} class={`sql-${kind}`}>
              {piece}
            </span>
          ) : (
            piece
          ),
        )}
      </code>
    </section>
  );
}
