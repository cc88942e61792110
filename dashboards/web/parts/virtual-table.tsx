// A table of any length: only visible rows are in the document; the keyboard reaches all rows.
// Invariant: every row is ROW_HEIGHT px high, and assistive technology is told how many there are. A row that is on its
// way can be reached. Not here: what the cells show, asking for rows (views/statements/pages.ts).

import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface VirtualColumn<Row> {
  readonly key: string;
  readonly title: string;
  /** Explains the number, on hover. */
  readonly help: string;
  readonly cell: (row: Row) => ComponentChildren;
  readonly className: string;
  /** Pressing its head sorts by this column. */
  readonly sortable: boolean;
}

export interface VirtualTableProps<Row> {
  readonly label: string;
  /** What is undefined is on its way. */
  readonly rows: ReadonlyArray<Row | undefined>;
  readonly columns: readonly VirtualColumn<Row>[];
  /** Address of a row's link, which is in the first column. */
  readonly hrefOf: (row: Row) => string;
  readonly linkOf: (row: Row) => ComponentChildren;
  readonly linkTitle: string;
  readonly sort: string;
  readonly onSort: (key: string) => void;
  /** The rows in the document changed. */
  readonly onVisible?: (first: number, last: number) => void;
}

/** As in look/tables.css. */
const ROW_HEIGHT = 46;
const OVERSCAN = 10;

export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
  const { rows, label } = props;
  const { scroller, first, last, current, setActive, onScroll, onKeyDown } = useVisibleRows(rows.length);
  useEffect(() => props.onVisible?.(first, last), [first, last, rows]);
  return (
    <section
      class="virtual"
      ref={scroller}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
      tabIndex={0}
    >
      <table aria-rowcount={rows.length + 1}>
        <Head {...props} />
        <tbody>
          {first > 0 && <Spacer rows={first} />}
          {rows.slice(first, last).map((row, offset) => {
            const index = first + offset;
            const isCurrent = index === current;
            // By its place: whoever is at a row stays there when it comes, or another takes its place.
            return (
              <tr key={index} aria-rowindex={index + 2} aria-busy={row === undefined}>
                <Cells {...props} row={row} index={index} isCurrent={isCurrent} onFocus={() => setActive(index)} />
              </tr>
            );
          })}
          {last < rows.length && <Spacer rows={rows.length - last} />}
        </tbody>
      </table>
    </section>
  );
}

interface CellsProps<Row> extends VirtualTableProps<Row> {
  readonly row: Row | undefined;
  readonly index: number;
  /** The row that the keyboard is at; of all links this one alone is reached by Tab. */
  readonly isCurrent: boolean;
  readonly onFocus: () => void;
}

function Cells<Row>({ columns, row, index, isCurrent, onFocus, hrefOf, linkOf }: CellsProps<Row>) {
  return (
    <>
      <td class="statement">
        <a
          href={row === undefined ? undefined : hrefOf(row)}
          data-row={index}
          tabIndex={isCurrent ? 0 : -1}
          onFocus={onFocus}
        >
          {row === undefined ? '…' : linkOf(row)}
        </a>
      </td>
      {columns.map(({ key, className, cell }) => (
        <td key={key} class={className}>
          {row !== undefined && cell(row)}
        </td>
      ))}
    </>
  );
}

/** The rows [first, last) that are in view of `count`, the one the keyboard is at, and what moves them. */
function useVisibleRows(count: number) {
  const scroller = useRef<HTMLElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const [active, setActive] = useState(0);
  const focusWanted = useRef(false);

  useEffect(() => {
    const element = scroller.current!;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const current = Math.min(active, Math.max(0, count - 1));
  const first = Math.max(0, Math.min(Math.floor(top / ROW_HEIGHT) - OVERSCAN, count - 1));
  const last = Math.min(count, Math.ceil((top + height) / ROW_HEIGHT) + OVERSCAN);

  useLayoutEffect(() => {
    if (!focusWanted.current) return;
    const link = scroller.current!.querySelector<HTMLElement>(`a[data-row="${current}"]`);
    if (link === null) return;
    focusWanted.current = false;
    link.focus({ preventScroll: true });
  });

  const move = (to: number): void => {
    const next = Math.max(0, Math.min(count - 1, to));
    const element = scroller.current!;
    // The sticky head covers one row.
    const visible = element.clientHeight - ROW_HEIGHT;
    if (next * ROW_HEIGHT < element.scrollTop) element.scrollTop = next * ROW_HEIGHT;
    else if ((next + 1) * ROW_HEIGHT > element.scrollTop + visible)
      element.scrollTop = (next + 1) * ROW_HEIGHT - visible;
    focusWanted.current = true;
    setActive(next);
    setTop(element.scrollTop);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(height / ROW_HEIGHT) - 2);
    const to = rowAfterKey(event.key, { current, page, count });
    if (to === undefined) return;
    event.preventDefault();
    move(to);
  };

  return { scroller, first, last, current, setActive, onScroll: () => setTop(scroller.current!.scrollTop), onKeyDown };
}

/** Where a key leads; undefined for a key that moves nothing. */
function rowAfterKey(
  key: string,
  { current, page, count }: { current: number; page: number; count: number },
): number | undefined {
  const rows: Record<string, number> = {
    ArrowDown: current + 1,
    j: current + 1,
    ArrowUp: current - 1,
    k: current - 1,
    PageDown: current + page,
    PageUp: current - page,
    Home: 0,
    End: count - 1,
  };
  return rows[key];
}

function Head<Row>({ columns, sort, onSort, linkTitle }: VirtualTableProps<Row>) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        <th scope="col" class="statement">
          {linkTitle}
        </th>
        {columns.map(({ key, title, help, className, sortable }) => (
          <th key={key} scope="col" class={className} aria-sort={sort === key ? 'descending' : undefined} title={help}>
            {sortable ? (
              <button type="button" onClick={() => onSort(key)}>
                {title}
                <span aria-hidden="true">{sort === key ? ' ↓' : ''}</span>
              </button>
            ) : (
              title
            )}
          </th>
        ))}
      </tr>
    </thead>
  );
}

/**
 * As high as the rows that are not in the document. Spanning columns would make places for those that a narrow screen
 * hides.
 */
function Spacer({ rows }: { rows: number }) {
  return (
    <tr class="spacer">
      <td style={{ height: `${rows * ROW_HEIGHT}px` }} />
    </tr>
  );
}
