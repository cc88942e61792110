// Colours a normalised statement, laid out in lines.
// Invariant: the characters shown are those of the text, in order, but for white space; each is a text node.
// Not here: its pieces and lines (facts/words/sql-pieces.ts).

import { laidOut } from '../../../facts/words/sql-pieces.js';

const COLOURED = new Set(['keyword', 'string', 'name', 'mark', 'number', 'comment']);

export function Sql({ text, label }: { text: string; label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="sql" tabIndex={0} aria-label={label}>
      <code>
        {laidOut(text).map(({ kind, text: piece }, index) =>
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
