// Writes rows as CSV (RFC 4180, with \n as the line end).
// Invariant: text from traffic is no formula in a spreadsheet. Not here: choosing rows.

type Cell = string | number | bigint | boolean | null | undefined | Uint8Array;

export function csvLine(cells: readonly Cell[]): string {
  return cells.map(csvCell).join(',');
}

/** A text that a spreadsheet would take for a formula gets an apostrophe in front, because it may come from traffic. */
function csvCell(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell !== 'string') return cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
