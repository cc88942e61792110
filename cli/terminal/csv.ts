// Writes rows as CSV (RFC 4180, with \n as the line end).
// Invariant: text from traffic is no formula in a spreadsheet and steers no terminal; newlines and tabs stay.
// Not here: choosing rows.

import { visibleLines } from '../../config/values/errors.js';

type Cell = string | number | bigint | boolean | null | undefined | Uint8Array;

export function csvLine(cells: readonly Cell[]): string {
  return cells.map(csvCell).join(',');
}

/**
 * Text may come from traffic: control and bidirectional characters are written as \uXXXX, and what a spreadsheet would
 * take for a formula gets an apostrophe in front.
 */
function csvCell(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell !== 'string') return cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : String(cell);
  const shown = visibleLines(cell);
  const text = /^[=+\-@\t\r]/.test(shown) ? `'${shown}` : shown;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
