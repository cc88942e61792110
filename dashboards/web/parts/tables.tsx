// Small tables: of numbers, and of anything.
// Invariant: numbers stand right, words left; what scrolls is reached by keyboard; on a narrow screen a row is a card
// (look/tables.css), whose values have their titles. Not here: long ones (virtual-table.tsx).

import type { ComponentChildren } from 'preact';

export interface Column<Row> {
  readonly title: string;
  /** Explains it, on hover. */
  readonly help?: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Words stand left. */
  readonly words?: boolean;
  /** Left out on all but wide screens. */
  readonly from?: 'wide';
}

/** The first column names the row. */
export function Table<Row>({
  caption,
  columns,
  rows,
}: {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
}) {
  const className = ({ words, from }: Column<Row>, at: number): string =>
    [words || at === 0 ? 'words' : '', from ?? ''].filter(Boolean).join(' ');
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll-x" tabIndex={0} aria-label={`${caption}: table`}>
      <table class="numbers">
        <caption class="sr-only">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column, at) => (
              <th key={column.title} scope="col" class={className(column, at)} title={column.help}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {columns.map((column, at) =>
                at === 0 ? (
                  <th key={column.title} scope="row" class={className(column, at)}>
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.title} class={className(column, at)} data-title={column.title}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A table of texts, the first column of which names the row. */
export function NumbersTable({
  caption,
  head,
  rows,
}: {
  caption: string;
  head: readonly string[];
  rows: ReadonlyArray<readonly [ComponentChildren, ...string[]]>;
}) {
  const columns = head.map((title, at) => ({
    title,
    cell: (row: readonly [ComponentChildren, ...string[]]) => row[at],
  }));
  return <Table caption={caption} columns={columns} rows={rows} />;
}
