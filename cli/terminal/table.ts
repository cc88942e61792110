// Renders a table that fits the terminal, or one in Markdown.
// One flexible column takes the rest of the width.
// Invariant: columns are dropped before the flexible column is narrower than FLEXIBLE_MIN; while it is not, every
// line fits.
// Not here: escaping text from traffic (output.ts), units (format.ts).

import { stripVTControlCharacters } from 'node:util';
import { formNow } from './form.js';
import { markdownTable } from './markdown.js';
import { type Screen, styled } from './output.js';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: 'right';
  /** Takes the width that the others leave; at most one column is flexible. */
  readonly flexible?: boolean;
  /** On a narrow screen the column with the highest number is dropped first; undefined = never dropped. */
  readonly dropOrder?: number;
}

const FLEXIBLE_MIN = 24;
/** The flexible column identifies a row, so on a wide screen it keeps this share before others are dropped. */
const FLEXIBLE_SHARE = 0.28;
const GAP = '  ';

export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], screen: Screen): string {
  if (formNow() === 'markdown') {
    const cells = rows.map((row) => columns.map((column) => column.cell(row)));
    return markdownTable(
      columns.map(({ title }) => title),
      cells,
    );
  }
  // Each cell is made once, however many columns are dropped.
  let shown = columns.map((column) => withCells(rows, column));
  let widths: number[] = [];
  for (;;) {
    widths = shown.map(({ width }) => width);
    const over = sum(widths) + GAP.length * (shown.length - 1) - screen.width;
    const flexible = shown.findIndex(({ column }) => column.flexible);
    if (over <= 0) break;
    const least = Math.max(FLEXIBLE_MIN, Math.floor(screen.width * FLEXIBLE_SHARE));
    const slack = flexible < 0 ? 0 : Math.max(0, widths[flexible] - least);
    const droppable = shown.filter(({ column }) => column.dropOrder !== undefined);
    if (over <= slack || droppable.length === 0) {
      if (flexible >= 0) widths[flexible] -= Math.min(over, widths[flexible] - 1);
      break;
    }
    const last = droppable.reduce((a, b) => (b.column.dropOrder! >= a.column.dropOrder! ? b : a));
    shown = shown.filter((one) => one !== last);
  }
  const line = (cells: string[]): string => {
    const padded = cells.map((cell, i) =>
      pad(shortened(cell, widths[i]), { width: widths[i], align: shown[i].column.align }),
    );
    return padded.join(GAP).trimEnd();
  };
  const head = styled(line(shown.map(({ column }) => column.title)), { style: 'bold', screen });
  return [head, ...rows.map((_, row) => line(shown.map(({ cells }) => cells[row])))].join('\n');
}

/** `width`: what its widest cell takes. */
function withCells<Row>(
  rows: readonly Row[],
  column: Column<Row>,
): { column: Column<Row>; cells: string[]; width: number } {
  const cells = rows.map((row) => column.cell(row));
  const width = cells.reduce((widest, cell) => Math.max(widest, textWidth(cell)), textWidth(column.title));
  return { column, cells, width };
}

/** Cuts with an ellipsis; a coloured cell loses its colour when it is cut. */
export function shortened(cell: string, width: number): string {
  if (textWidth(cell) <= width) return cell;
  let kept = '';
  let used = 0;
  for (const character of stripVTControlCharacters(cell)) {
    const wide = characterWidth(character);
    if (used + wide > width - 1) break;
    kept += character;
    used += wide;
  }
  return `${kept}…`;
}

function pad(cell: string, options: { width: number; align?: 'right' }): string {
  const spaces = ' '.repeat(Math.max(0, options.width - textWidth(cell)));
  return options.align === 'right' ? spaces + cell : cell + spaces;
}

const PLAIN = /^[\x20-\x7e]*$/;

/** Columns that a text takes on a terminal. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += characterWidth(character);
  return width;
}

/** East Asian wide characters and emoji take two columns, combining marks none. */
function characterWidth(character: string): number {
  if (character < '\u0300') return 1;
  if (/^(?:\p{M}|\p{Cf})$/u.test(character)) return 0;
  return /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
    character,
  )
    ? 2
    : 1;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
